#!/bin/bash
# Exit status 0 where TF Serving says that a version of the model is available.
# bash alone: its image has neither curl nor wget.
#   healthy.sh [PORT [MODEL]]
port="${1:-8501}" model="${2:-fakeloc}"
exec 3<>"/dev/tcp/127.0.0.1/$port" || exit 1
printf 'GET /v1/models/%s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$model" >&3
while IFS= read -r -t 5 line <&3 || [ -n "$line" ]; do
  [[ "$line" =~ \"state\":\ *\"AVAILABLE\" ]] && exit 0
done
exit 1
