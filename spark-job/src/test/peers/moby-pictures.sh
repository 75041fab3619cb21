#!/usr/bin/env bash
# Moby-Dick through the model in data: draws the loss over the book, and prints each chapter with its nearest neighbours.
# Usage: moby-pictures.sh FOLDER, a new one that takes tables, loss.svg and neighbours.txt. Wants Python 3.9 or newer.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
root=$(cd "$here/../../../.." && pwd -P)
readonly here root
readonly folder=${1:?usage: moby-pictures.sh FOLDER}
readonly model=$root/data/hla-moby-tiny book=$root/data/moby-dick.txt

mkdir "$folder"
python3 "$here/moby_pictures.py" chapters "$book" >"$folder/chapters.json"
"$root/submit.sh" extract --text "$book" --model "$model" --features none --score --pool mean --window 2048 \
  --output "$folder/windows" --output-format json --report "$folder/windows.report.json"
"$root/submit.sh" extract --input "$folder/chapters.json" --input-format json --text-col text --keep number,title \
  --model "$model" --pool mean --output "$folder/vectors" --output-format json
python3 "$here/moby_pictures.py" loss "$folder/windows" >"$folder/loss.svg"
python3 "$here/moby_pictures.py" neighbours "$folder/vectors" >"$folder/neighbours.txt"
