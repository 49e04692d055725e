# Lists the devices of $URL page by page; $SEARCH says what else is asked, and the arguments are jq's. It is as fast as
# such loops get: it is told how many pages there are, and starts jq once.
for page in $(seq "$PAGES"); do
    curl -sS --fail -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \
        -d "{\"page\":$page,\"per_page\":$PER_PAGE,$SEARCH}" \
        "$URL/api/management/v2/inventory/filters/search"
done | jq "$@"
