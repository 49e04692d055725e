# Accepts the devices of the first $SAMPLE lines of the file $PENDING.
head -n "$SAMPLE" "$PENDING" | while read -r device set; do
    curl -sS --fail -X PUT -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \
        -d '{"status":"accepted"}' "$URL/api/management/v2/devauth/devices/$device/auth/$set/status"
done
