#!/bin/sh
# run.sh FOLDER HARNESS SECONDS: one harness for so long, beginning with what it and its seeds found before.
folder=$1 harness=$2 seconds=$3
inputs=$folder/corpus/$harness log=$folder/$harness.log
mkdir -p "$inputs"
# 10 s for one input is what we call hanging. ASan keeps what is freed for a while: 64 MiB of it are enough.
ASAN_OPTIONS=quarantine_size_mb=64 "$folder/$harness" -max_total_time="$seconds" -max_len=512 -timeout=10 -rss_limit_mb=1024 \
  -print_final_stats=1 -artifact_prefix="$folder/$harness-" "$inputs" "fuzz/corpus/$harness" >"$log" 2>&1
code=$?
count=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
edges=$(sed -n 's/^#[0-9]*[[:space:]]*DONE *cov: \([0-9]*\).*/\1/p' "$log")
if [ $code -eq 0 ]; then
  echo "ok       native/fuzz/$harness: $count inputs in $seconds s, $edges edges"
else
  tail -n 60 "$log"
  echo "FAILED   native/fuzz/$harness: exit $code; the input lies in $folder/$harness-*"
  exit 255 # xargs begins no other
fi
