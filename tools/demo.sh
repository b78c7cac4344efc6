#!/usr/bin/env bash
# The shipped model tuned to the embedded public-domain portraits: demo data, preparation,
# training, evaluation on people never seen, SavedModel, report page.
# Made for 10 minutes on 2 cores. `bash tools/demo.sh [FOLDER]`, default runs/demo.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

run=${1:-runs/demo}
records=datasets/demo/records
started=$SECONDS
say() { printf '\n== %s (%d s)\n' "$*" "$((SECONDS - started))"; }

say "1/4 demo data, preparation and training from the shipped model"
resume=()
[ -e "$run/config.yaml" ] && resume=(--resume)
python -m fakeloc_tf.train --strategy mirrored --run "$run" "${resume[@]}"

say "2/4 evaluation on people that training never saw"
python -m fakeloc_tf.evaluate --run "$run" --data "$records" --out "$run/test"

say "3/4 SavedModel, checked in a fresh process"
rm -rf "$run/saved_model"
python -m fakeloc_tf.export --run "$run" --out "$run/saved_model/1" --verify "$records"

say "4/4 detection in videos of two people that training never saw"
layout=datasets/demo/ffpp_layout
mapfile -t people < <(python - "$layout/splits/test.json" <<'EOF'
import json, sys
for pair in json.load(open(sys.argv[1]))[:2]:
    print(pair[0])
EOF
)
videos=()
for person in "${people[@]}"; do
  videos+=("$layout/original_sequences/youtube/c23/videos/$person.mp4")
  videos+=("$layout"/manipulated_sequences/*/c23/videos/"${person}_$person.mp4")
done
rm -rf "$run/detect"
python -m fakeloc_tf.detect "${videos[@]}" --model "$run/saved_model" \
  --out "$run/detect" --all-frames

say "done: open $run/detect/report.html and $run/test/examples.png; tensorboard --logdir $run; fakeloc ui --model $run"
