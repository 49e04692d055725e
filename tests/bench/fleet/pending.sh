# Writes a line for each pending device of $URL: its id, and that of the authentication set that is pending.
for page in $(seq "$PAGES"); do
    curl -sS --fail -H "Authorization: Bearer $TOKEN" \
        "$URL/api/management/v2/devauth/devices?status=pending&page=$page&per_page=$PER_PAGE"
done | jq -r '.[] | "\(.id) \(.auth_sets[] | select(.status == "pending") | .id)"'
