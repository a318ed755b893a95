#!/usr/bin/env bash
# docs/DATA.md done word for word with a made HRSC2016: its commands, its experiment, and a short training on both layouts.
set -u
source=${LIMBECK_SRCDIR:-.}
build=${LIMBECK_BUILDDIR:-build}
program=$build/limbeck
# shellcheck source=tests/tap.sh
. "$source/tests/tap.sh" || exit 99
export OMP_NUM_THREADS=1 XDG_CACHE_HOME=$work/cache

# fenced LANGUAGE: the lines of the page's blocks of it.
fenced() { awk -v want="$1" '/^```/ { on = !inside && substr($0, 4) == want; inside = !inside; next } on' "$source/docs/DATA.md"; }

"$build/tests/check_data" --ships "$work/HRSC2016" || exit 99
cd "$work" || exit 99

# In place of ImageMagick: notes what was asked for, and gives the picture as a whole.
mkdir bin
cat >bin/convert <<'END'
#!/bin/sh
echo "$*" >>"$CONVERT_LOG"
from=${1%.bmp}.png
for to; do :; done
cp "$from" "$to"
END
chmod +x bin/convert
fenced sh >steps.sh
report "the page's commands run" < <(
	[ -s steps.sh ] || echo "no block of sh"
	(cd HRSC2016 && CONVERT_LOG=$work/converted PATH=$work/bin:$PATH sh -eu ../steps.sh) 2>&1 || echo "status $?"
)

# Worked from what tests/data/ships.c draws: 48, 12 and 24 pictures, of which one of test has no ship and one none that is known.
report "each picture has a line, by its largest ship" < <(
	[ "$(wc -l <HRSC2016/train.list) $(wc -l <HRSC2016/val.list) $(wc -l <HRSC2016/test.list)" = "48 12 22" ] || wc -l HRSC2016/*.list
	tab=$(printf '\t')
	for line in "train 100000001 aircraft carrier" "train 100000002 warcraft" "train 100000003 merchant ship" "val 100000052 submarine" \
		"test 100000063 merchant ship"; do
		read -r part picture class <<<"$line"
		grep -qxF "FullDataSet/AllImages/$picture.png$tab$class" "HRSC2016/$part.list" || echo "no '$line'"
	done
	grep -h 10000006[12] HRSC2016/test.list
	grep -l "$(printf '\r')" HRSC2016/*.list
)
# Boxes of 100000063: 17,2 to 28,3, so a square of 12 from 17,-3; and 20,9 to 26,44, of 36 from 6,9.
report "each ship of a known class is cut out as a square" < <(
	[ "$(wc -l <converted)" = 83 ] || wc -l converted
	for words in "100000063.bmp -crop 12x12+17+0 +repage ships/test/submarine/100000063-" \
		"100000063.bmp -crop 36x36+6+9 +repage ships/test/merchant ship/100000063-"; do
		grep -qF "FullDataSet/AllImages/$words" converted || { echo "no '$words'"; grep 100000063 converted; }
	done
)
report "and every cut-out is a square inside its picture" < <(
	sed 's|.*AllImages/\([0-9]*\)\.bmp -crop \([0-9]*\)x\([0-9]*\)+\([0-9]*\)+\([0-9]*\) .*|\1 \2 \3 \4 \5|' converted | while read -r picture w h x y rest; do
		[ -z "$rest" ] && [ "$w" = "$h" ] || { echo "no square in a picture: $picture $w $h $x $y $rest"; continue; }
		annotation=HRSC2016/FullDataSet/Annotations/$picture.xml
		width=$(sed -n 's|.*<Img_SizeWidth>\([0-9]*\)<.*|\1|p' "$annotation") height=$(sed -n 's|.*<Img_SizeHeight>\([0-9]*\)<.*|\1|p' "$annotation")
		[ $((x + w)) -le "$width" ] && [ $((y + h)) -le "$height" ] || echo "$picture is $width x $height, cut at $x, $y: $w x $h"
	done
)
# A picture of 100 x 60. Boxes by hand: at the right edge (9 x 40: a square of 40 from 75, moved to 60), at the bottom (40 x 4: from 37, moved to 20), in the
# corner above (10 x 2), and a ship of 90, longer than the picture is high (a square of 60 around its middle at 50).
{
	printf '<HRSC_Image>\r\n<Img_SizeWidth>100</Img_SizeWidth>\r\n<Img_SizeHeight>60</Img_SizeHeight>\r\n<HRSC_Objects>\r\n'
	for box in "90 20 98 59" "10 55 49 58" "0 0 9 1" "5 30 94 33"; do
		read -r xmin ymin xmax ymax <<<"$box"
		printf '<HRSC_Object>\r\n<Class_ID>100000027</Class_ID>\r\n<box_xmin>%s</box_xmin>\r\n<box_ymin>%s</box_ymin>\r\n' "$xmin" "$ymin"
		printf '<box_xmax>%s</box_xmax>\r\n<box_ymax>%s</box_ymax>\r\n</HRSC_Object>\r\n' "$xmax" "$ymax"
	done
	printf '</HRSC_Objects>\r\n</HRSC_Image>\r\n'
} >edges.xml
report "squares at the edges, worked by hand" < <(
	awk -f HRSC2016/ships.awk edges.xml | cut -f 4- | tr '\t' ' ' >got
	printf '60 20 40\n10 20 40\n0 0 10\n20 0 60\n' | diff - got
)

fenced yaml >ships.yaml
report "the page's experiment passes 'limbeck check'" < <(
	"$program" check ships.yaml >out 2>&1 || { echo "status $?"; tail -5 out; }
	grep -q "48 training, 12 held-out and 22 test" out || head -5 out
)

cat >small.yaml <<'END'
name: small
seed: 1
precision: f32
data: {kind: folder, dir: HRSC2016, train: train.list, valid: val.list, test: test.list, size: 32, batch: 8, flip: true}
networks:
  big: {model: cnn, widths: [8, 16, 16], convs: 1}
  small: {model: cnn, widths: [6, 8, 8], convs: 1}
stages:
  - {name: teach, kind: supervise, train: big, epochs: 12, lr: 0.05}
  - {name: kd, kind: distill, train: small, teacher: teach.last, epochs: 6, lr: 0.05}
END
# accuracy STAGE: of the test pictures, in percent.
accuracy() { awk -v stage="$1" '$1 == stage { print $4 }' out; }
learns() {
	"$program" train small.yaml --quiet "$@" >out 2>err || { echo "status $?"; tail -5 err; }
	for stage in teach kd; do
		awk -v a="$(accuracy $stage)" 'BEGIN { exit !(a > 50) }' || { echo "$stage is hardly better than the 25 % of chance:"; cat out; }
	done
}
report "a training on the lists learns the ships" < <(learns --out runs)
report "a training on the class folders does" < <(learns --out runs --set 'data={kind: folder, dir: HRSC2016/ships, valid: val, size: 32, batch: 8, flip: true}')
report "and so does one that decodes each batch, in grey" < <(learns --out runs --set data.cache_mib=0 --set data.channels=1)

report "the run's own file, with held-out pictures by number, is the same experiment" < <(
	for run in runs/small-*; do
		"$program" train "$run/config.yaml" --out runs --quiet >out 2>&1 || tail -5 out
		[ "$(grep -c 'trained before' out)" = 2 ] || cat out
	done
)
report "half the data is half of every part" < <(
	"$program" check small.yaml --set data.share=0.5 --set data.share_test=0.5 >out 2>&1
	grep -q "24 training, 6 held-out and 11 test" out || head -5 out
)

# ---- damage, by the command line ----

# refused NAME STATUS TEXT...: check of the experiment fails so.
refused() {
	local name=$1 want=$2 status
	shift 2
	"$program" check small.yaml >out 2>&1
	status=$?
	report "$name" < <(
		[ $status = "$want" ] || echo "status $status instead of $want"
		for text; do grep -qF -e "$text" out || { echo "lacks: $text"; cat out; }; done
	)
}
cd HRSC2016 && cp test.list whole.list && cd ..
sed -i '3s/png.*/png/' HRSC2016/test.list
refused "a line without a label" 2 "HRSC2016/test.list:3:1: no label"
sed '3s/[0-9]*\.png/9.png/' HRSC2016/whole.list >HRSC2016/test.list
refused "a picture that is not there" 1 "9.png': No such file" "line 3 of '" "HRSC2016/test.list' names it"
sed '3s/\t.*/\tsubmarin/' HRSC2016/whole.list >HRSC2016/test.list
refused "a class that training lacks" 2 "HRSC2016/test.list:3:37: 'submarin' is no class of" "did you mean 'submarine'?"
head -1 HRSC2016/train.list >>HRSC2016/whole.list
cp HRSC2016/whole.list HRSC2016/test.list
refused "a training picture that is tested on" 2 "HRSC2016/test.list:23:1: " "is a second time here: it is in line 1 of '" "train.list'"
sed -i '$d' HRSC2016/test.list
printf 'BM no PNG' >HRSC2016/FullDataSet/AllImages/100000001.png
refused "a BMP that is called PNG" 1 "100000001.png' is neither PNG nor JPEG but BMP" "line 1 of '" "train.list' names it"

echo "1..$n"
exit $failed
