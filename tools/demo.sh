#!/usr/bin/env bash
# The whole method on the embedded public-domain portraits: demo data, preparation,
# two-step training, evaluation on people never seen, SavedModel, report page.
# About 15 minutes on 2 cores. `bash tools/demo.sh [FOLDER]`, default runs/demo.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

run=${1:-runs/demo}
records=datasets/demo_c23/records
started=$SECONDS
say() { printf '\n== %s (%d s)\n' "$*" "$((SECONDS - started))"; }

say "1/4 demo data, preparation and two-step training"
resume=()
[ -e "$run/config.yaml" ] && resume=(--resume)
python -m fakeloc_tf.train --strategy mirrored --run "$run" "${resume[@]}"

say "2/4 evaluation on people that training never saw"
python -m fakeloc_tf.evaluate --run "$run" --data "$records" --out "$run/test"

say "3/4 SavedModel, checked in a fresh process"
rm -rf "$run/saved_model"
python -m fakeloc_tf.export --run "$run" --out "$run/saved_model/1" --verify "$records"

say "4/4 detection on held-out pictures and videos"
rm -rf "$run/detect"
python -m fakeloc_tf.detect datasets/demo_c23/held_out --model "$run/saved_model" \
  --out "$run/detect"

say "done: open $run/detect/report.html and run 'tensorboard --logdir $run'"
