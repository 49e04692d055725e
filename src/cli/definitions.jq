# What jq has and the library lacks.
def row_cell:
  if isarray or isobject then error("\(.) cannot be in a row")
  elif . == null then ""
  else tostring end;
def replaced($from; $to): . / $from | join($to);
def @tsv: map(
  row_cell
  | replaced("\\"; "\\\\") | replaced("\t"; "\\t") | replaced("\n"; "\\n") | replaced("\r"; "\\r")
) | join("\t");
def @csv: map(
  if isstring then "\"" + replaced("\""; "\"\"") + "\"" else row_cell end
) | join(",");
