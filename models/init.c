/* Initial weights, worked out on the host in double so that they are the same on every device. */
#include "models/model.h"

#include <math.h>

#include "base/rng.h"

static void fill(double *v, int64_t n, double value)
{
	for (int64_t i = 0; i < n; i++)
		v[i] = value;
}

static void fill_normal(double *v, int64_t n, double deviation, struct rng *r)
{
	for (int64_t i = 0; i < n; i++)
		v[i] = deviation * rng_normal(r);
}

static void fill_uniform(double *v, int64_t n, double bound, struct rng *r)
{
	for (int64_t i = 0; i < n; i++)
		v[i] = bound * (2 * rng_uniform_f64(r) - 1);
}

static void param_fill(const struct param *p, int64_t n, double *v, struct rng *r)
{
	switch (p->role) {
	case ROLE_WEIGHT:
	case ROLE_BIAS:
		if (p->shape.n_dim == 4)
			fill_normal(v, n, sqrt(2.0 / (double)p->fan_out), r);
		else if (p->fan_in)
			fill_uniform(v, n, 1 / sqrt((double)p->fan_in), r);
		else
			fill(v, n, 0); /* a convolution's bias */
		break;
	case ROLE_NORM_SCALE:
		fill(v, n, 1);
		break;
	case ROLE_NORM_SHIFT:
		fill(v, n, 0);
		break;
	default:
		BUG("no initial weights for role %d of '%s'", p->role, p->name);
	}
}

static int64_t largest(const struct params *p)
{
	int64_t n = 1;
	for (int i = 0; i < p->n_param; i++)
		n = shape_count(&p->param[i].shape) > n ? shape_count(&p->param[i].shape) : n;
	for (int i = 0; i < p->n_state; i++)
		n = shape_count(&p->state[i].shape) > n ? shape_count(&p->state[i].shape) : n;
	return n;
}

static enum status params_fill(struct params *p, uint64_t seed, const char *network, double *v, struct err *e)
{
	enum status st = OK;
	for (int i = 0; i < p->n_param && st == OK; i++) {
		struct rng r = rng_stream(seed, (struct rng_name){.purpose = "init",
		                                                  .network = network,
		                                                  .application = p->param[i].name});
		param_fill(&p->param[i], shape_count(&p->param[i].shape), v, &r);
		st = params_put(p, i, false, v, e);
	}
	for (int i = 0; i < p->n_state && st == OK; i++) {
		fill(v, shape_count(&p->state[i].shape), params_initial(p, i));
		st = params_put(p, i, true, v, e);
	}
	return st;
}

enum status net_init(struct net *net, uint64_t seed_init, const char *as, struct err *e)
{
	struct params *p = net->params;
	BUG_IF(!p->dev, "network '%s' has no memory to put initial weights in", net->name);
	const size_t size = (size_t)largest(p) * sizeof(double);
	double *v = mem_new(size);
	if (!v)
		return err_nomem(e, "no memory for initial weights of network '%s' (%zu bytes)", net->name,
		                 size);
	const enum status st = params_fill(p, seed_init, as ? as : net->name, v, e);
	mem_free(v);
	return st;
}
