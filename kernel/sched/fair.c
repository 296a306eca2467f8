/* SPDX-License-Identifier: MIT */
/* The fair class, less frequent parts; what it does is told in fair.h. */
#include "sched/fair.h"

#define WEIGHT_IDLEPRIO 3

/* Each step of nice changes the share by 1.25. */
const u32 sched_prio_to_weight[40] = {
	88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
	9548,  7620,  6100,  4904,  3906,  3121,  2501,	 1991,	1586,  1277,
	1024,  820,   655,   526,   423,   335,	  272,	 215,	172,   137,
	110,   87,    70,    56,    45,	   36,	  29,	 23,	18,    15,
};

void fair_init(struct fair_rq *fair)
{
	*fair = (struct fair_rq){.tree = RB_ROOT_CACHED, .base_vruntime = VRUNTIME_START};
}

void fair_set_weight(struct task_struct *p)
{
	struct sched_entity *se = &p->se;
	unsigned long old = se->weight;

	if (p->policy == SCHED_IDLE)
		se->weight = WEIGHT_IDLEPRIO;
	else
		se->weight = sched_prio_to_weight[p->static_prio - MAX_RT_PRIO];
	if (old && se->vlag) /* what it is owed in real time stays */
		se->vlag = se->vlag * (s64)old / (s64)se->weight;
}

/* ---- The tree ---- */

static u64 subtree_min(const struct rb_node *node)
{
	u64 least = se_task(node)->se.vruntime;

	if (node->rb_left)
		least = min(least, node_min(node->rb_left));
	if (node->rb_right)
		least = min(least, node_min(node->rb_right));
	return least;
}

static void min_propagate(struct rb_node *node, struct rb_node *stop)
{
	for (; node != stop; node = rb_parent(node)) {
		u64 least = subtree_min(node);

		if (node_min(node) == least)
			break;
		node_min(node) = least;
	}
}

static void min_copy(struct rb_node *old, struct rb_node *new)
{
	node_min(new) = node_min(old);
}

static void min_rotate(struct rb_node *old, struct rb_node *new)
{
	node_min(new) = node_min(old);
	node_min(old) = subtree_min(old);
}

static const struct rb_augment_callbacks min_callbacks = {min_propagate, min_copy, min_rotate};

void fair_tree_insert(struct fair_rq *fair, struct sched_entity *se)
{
	struct rb_node **link = &fair->tree.rb_root.rb_node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (node_min(parent) > se->vruntime)
			node_min(parent) = se->vruntime;
		if (se->deadline < se_task(parent)->se.deadline) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			leftmost = false;
		}
	}
	rb_link_node(&se->run_node, parent, link);
	rb_insert_augmented_cached(&se->run_node, &fair->tree, leftmost, &min_callbacks);
}

void fair_tree_erase(struct fair_rq *fair, struct sched_entity *se)
{
	rb_erase_augmented_cached(&se->run_node, &fair->tree, &min_callbacks);
}

/* ---- Choosing ---- */

/* The leftmost eligible one: go left as long as somebody there is. NULL: none. */
static struct task_struct *leftmost_eligible(struct fair_rq *fair, const struct mean *m)
{
	struct rb_node *node = fair->tree.rb_root.rb_node;

	while (node) {
		if (node->rb_left && eligible(fair, m, node_min(node->rb_left))) {
			node = node->rb_left;
			continue;
		}
		if (eligible(fair, m, se_task(node)->se.vruntime))
			return se_task(node);
		node = node->rb_right;
	}
	return NULL;
}

struct task_struct *fair_pick_slow(struct rq *rq)
{
	struct fair_rq *fair = &rq->fair;
	struct task_struct *curr = fair->curr, *best;
	struct mean m = fair_mean(fair);

	best = leftmost_eligible(fair, &m);
	if (curr && eligible(fair, &m, curr->se.vruntime) &&
	    (!best || curr->se.deadline <= best->se.deadline))
		return curr;
	BUG_ON(!best); /* the one with the least vruntime is never above the mean */
	return best;
}

void fair_tick(struct rq *rq)
{
	struct fair_rq *fair = &rq->fair;
	s64 distance;

	if (!fair->curr)
		return;
	distance = fair->curr->se.vruntime - fair->base_vruntime;
	fair->base_vruntime += distance;
	fair->wait_sum -= distance * (s64)fair->wait_load;
}

void fair_yield(struct rq *rq, struct task_struct *curr)
{
	curr->se.deadline += virtual_slice(&curr->se);
}

struct task_struct *fair_next(struct rq *rq, struct task_struct *p)
{
	struct rb_node *node = p ? rb_next(&p->se.run_node) : rb_first_cached(&rq->fair.tree);

	return node ? se_task(node) : NULL;
}
