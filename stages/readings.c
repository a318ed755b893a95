#include "stages/readings.h"

#define STAGES "teacher models of different stages guide the student step by step"
#define GREEDY "a layer-wise greedy strategy replaces end-to-end training, layer by layer in convolution blocks"
#define CRITIC "the teacher as feature discriminator, the student as feature generator"
#define MUTUAL "mutual learning (title and keywords)"
#define MANY "multi-generative (title)"
#define DECIDED "docs/results/ms_mgan.md, 8 seeds"
#define SCREENED "docs/results/ms_mgan_screening.md, 2 seeds"

const struct reading reading_all[] = {
	/* ---- stage teachers ---- */
	{"anchors", STAGES, "checkpoints of one training, met in order: chosen epochs (a list)", "teacher: teach.anchors", DECIDED " (epochs 6, 20 and 40 of 40)"},
	{"equal", STAGES, "the same, equally spaced", "teacher: equal.anchors", "docs/RESULTS.md, the quickstart, 1 seed"},
	{"plateau", STAGES, "checkpoints at the ends of the teacher's learning-rate plateaus, and the last", "teacher: plateau.anchors", SCREENED},
	{"final_only", STAGES, "one stage: the finished teacher alone (M = 1)", "teacher: teach.last", SCREENED},
	{"final_repeated", STAGES, "the finished teacher met as often: what meeting it again is worth without other stages", "teacher: [teach.last, teach.last, teach.last]", DECIDED},
	{"reversed", STAGES, "the finished teacher first, earlier ones after it", "teacher: ['teach.anchors[2]', 'teach.anchors[1]', 'teach.anchors[0]']", SCREENED},
	{"online", STAGES, "the teacher trains on between the stages, each time by a schedule of its own; by one schedule it is `anchors`", "teacher: [teach.last, on.last]", SCREENED},
	{"follow", STAGES, "the farthest next checkpoint whose answers the student can still imitate (RCO's greedy search)", "teacher: teach.anchors, follow: 0.1, meetings: 3", SCREENED},
	{"own_epochs", STAGES, "more time with later teachers", "teacher: teach.anchors, anchor_epochs: [1, 3, 5]", SCREENED},
	{"truncated", STAGES, "the teacher cut after a block, with a trained head, before it is met whole", "teacher: [cut.last, teach.last]", SCREENED},
	/* ---- greedy blocks ---- */
	{"greedy", GREEDY, "one block moves, earlier ones are frozen with frozen statistics", "greedy: true", DECIDED},
	{"end_to_end", GREEDY, "the same losses with all blocks and the head at once: what the greedy scheme is measured against", "greedy: false", DECIDED},
	{"cumulative", GREEDY, "blocks up to the one at hand move", "cumulative: true", SCREENED},
	{"backward", GREEDY, "the last block first", "order: backward", SCREENED},
	{"moving_statistics", GREEDY, "batch statistics of frozen blocks go on moving, as Stagewise KD's code has it", "statistics: moving", SCREENED},
	{"output_signal", GREEDY, "block coordinate descent: the student's own later blocks and head carry the signal", "signal: output", SCREENED},
	{"both_signals", GREEDY, "through the teacher's tail and at the student's own output", "signal: both", SCREENED},
	{"no_polish", GREEDY, "nothing follows end to end: the words as they stand", "polish_epochs: 0", SCREENED},
	/* ---- the teacher as discriminator ---- */
	{"tail_critic", CRITIC, "the teacher's remaining blocks, frozen, and a trained real/fake head", "critic: {kind: teacher_tail}", DECIDED},
	{"class_critic", CRITIC, "a fake class beside the teacher's classes", "critic: {kind: teacher_tail, head: class_plus_one}", SCREENED},
	{"no_adversary", CRITIC, "the teacher's own posterior, nothing trained to tell: no adversary", "critic: {kind: teacher_tail, head: none}", SCREENED},
	{"block_critic", CRITIC, "a copy of the teacher's next block", "critic: {kind: teacher_block}, blocks: [1, 2]", SCREENED},
	{"small_critic", CRITIC, "a small network of its own, as ANC and AFD have it", "critic: {kind: small, width: 32}", SCREENED},
	{"spectral_critic", CRITIC, "the same under spectral norm", "critic: {kind: small, width: 32, spectral: true}, adversary: hinge", SCREENED},
	{"no_critic", CRITIC, "features and answers alone: what the critic is measured against", "adversarial: 0", DECIDED},
	{"least_squares", CRITIC, "LSGAN's loss", "adversary: least_squares", SCREENED},
	{"hinge", CRITIC, "the hinge loss", "adversary: hinge", SCREENED},
	{"wasserstein", CRITIC, "Wasserstein's distance with gradient penalty", "adversary: wasserstein, adversarial: 0.01", SCREENED},
	{"r1", CRITIC, "penalty on the gradient at real features", "r1: 1", SCREENED},
	{"smoothing", CRITIC, "labels of the critic smoothed", "smoothing: 0.1", SCREENED},
	{"critic_steps", CRITIC, "several critic steps to a student's", "critic_steps: 2", SCREENED},
	{"warm_up", CRITIC, "the feature term alone for the first steps", "warm_up: 100", SCREENED},
	{"normalised", CRITIC, "features compared channel by channel in units of the teacher's spread", "normalise: true", SCREENED},
	/* ---- mutual ---- */
	{"mutual_critic", MUTUAL, "the teacher learns as a critic: a copy of its tail moves by the adversarial loss and the labels", "critic: {kind: teacher_tail, mutual: true}", SCREENED},
	{"mutual_answers", MUTUAL, "and also learns the student's answers", "critic: {kind: teacher_tail, mutual: true}, copy_kd: 0.1", SCREENED},
	/* ---- several generators ---- */
	{"one_generator", MANY, "one student", "generators: 1", DECIDED},
	{"two_generators", MANY, "two students before one critic, which also learn from each other", "generators: 2", SCREENED},
};
const int reading_count = sizeof reading_all / sizeof *reading_all;
