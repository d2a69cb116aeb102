# shellcheck shell=bash
# Hangs when $FAKE/hang says so, and writes $FAKE/reached then. The file has a word of the command line, or `any`, and at
# which time of it to hang.
if [ -e "$FAKE/hang" ]; then
  read -r word times <"$FAKE/hang"
  if [ "$word" = any ] || [[ " $* " == *" $word "* ]]; then
    printf '%s %s\n' "$word" $((times - 1)) >"$FAKE/hang"
    if [ "$times" -eq 1 ]; then
      command -p rm "$FAKE/hang"
      : >"$FAKE/reached"
      sleep 60
    fi
  fi
fi
