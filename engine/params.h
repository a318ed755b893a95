/*
 * A network's numbers: parameters in one flat buffer in model order, states (running statistics, banks) in another,
 * both on a device as wide (f64 on ref, else f32). Trainable is no property of a parameter: a phase names what it moves.
 */
#ifndef ENGINE_PARAMS_H
#define ENGINE_PARAMS_H

#include "engine/device.h"
#include "engine/tensor.h"

enum param_role { ROLE_WEIGHT, ROLE_BIAS, ROLE_NORM_SCALE, ROLE_NORM_SHIFT, ROLE_OTHER };
enum state_role { STATE_MEAN, STATE_VAR, STATE_COUNT, STATE_OTHER };

struct param {
	const char *name; /* as in PyTorch's state_dict: "layer1.0.conv1.weight" */
	struct shape shape;
	int role;         /* enum param_role or, for states, enum state_role */
	int64_t offset;   /* elements into the flat buffer; multiples of 16 */
	int block;        /* which block of the model owns it: 0 stem, 1..B, B+1 head */
	int64_t fan_in, fan_out; /* for initial weights */
	double initial;   /* states: at the start */
	uint64_t version; /* raised by any change of its values; what is derived from older ones is stale */
};

struct derived; /* derived.h */

struct params {
	const char *name; /* the network's own name: "student" */
	struct arena *arena;
	int n_param, cap_param, n_state, cap_state;
	struct param *param, *state;
	int64_t param_size, state_size; /* elements, padding included */
	struct device *dev;             /* NULL until params_place */
	void *param_data, *state_data;  /* device memory */
	struct derived *derived;        /* packed and folded forms of it that plans share */
};

struct params *params_new(struct arena *a, const char *name);
/* Give the index. Before params_place only. */
int params_add(struct params *p, struct param row);
int params_add_state(struct params *p, struct param row, double initial);
int params_find(const struct params *p, const char *name, bool *is_state); /* -1: none */
int64_t params_count(const struct params *p); /* scalars, padding and states not counted */

/* The row's values have changed, or are about to: raises its version. */
void params_touch(struct params *p, bool is_state, int index);
/* Memory on a device, zeroed (states at their initial value). */
enum status params_place(struct params *p, struct device *dev, struct err *e);
void params_release(struct params *p); /* gives the device memory back */
/* Whole values as double, in logical order (OIHW). Waits for the device; put raises its version. */
enum status params_get(struct params *p, int index, bool is_state, double *out, struct err *e);
enum status params_put(struct params *p, int index, bool is_state, const double *in, struct err *e);
/* The flat buffers as float (double on ref), byte for byte: for resume and copies. */
size_t params_bytes(const struct params *p, bool state);
enum status params_read(struct params *p, bool state, void *host, struct err *e);
enum status params_write(struct params *p, bool state, const void *host, struct err *e);
enum status params_copy(struct params *to, struct params *from, struct err *e); /* same structure: else E_USER naming the first difference */
double params_initial(const struct params *p, int state); /* of a state */
void *params_at(const struct params *p, bool is_state, int index); /* device address */

#endif
