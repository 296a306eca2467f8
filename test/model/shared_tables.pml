/* SPDX-License-Identifier: MIT */
/*
 * Page tables shared by fork, with what hardware may remember of them. doc/shared-tables-model.md
 * says what is modelled and what is not; test/model/run-model runs it.
 *
 *	PUD entry of each mm  ->  PMD table  ->  PTE table  ->  page
 *	pud[], pud_w[]	          md[], md_w[]   pt[], pt_w[]   pg_val[]
 *
 * One virtual page, one entry a table. An entry is the index of what it points at, or NONE.
 *
 * The caches are sets, and hold all that hardware may have cached since its last flush: whatever a
 * walk, begun at the PUD entry or at any cached entry, can reach at any moment goes in (fill()), as
 * a CPU may walk ahead of any use. So hardware has no steps of its own but its writes, and each
 * entry of a set is checked after every step: what it leads to must be allocated and hold what the
 * mm expects.
 */
#ifndef BUG
#define BUG 0	/* which rule to break: run-model names them */
#endif
#ifndef NPG
#define NPG 4	/* pages of memory: 3 or 4 */
#endif
#ifndef NMM
#define NMM 2	/* address spaces: 0, which is there first, and children, again and again */
#endif
#define NCPU 2	/* that have each mm loaded */
#define NTASKS 4 /* three threads, the unmapper */
#define NMD  3	/* PMD tables: one for each mm, one more lets a bug go on */
#define NPT  3
#define NONE 7

#define HAS(set, i)	((set >> (i)) & 1)
#define HAS_W(set, i)	((set >> (4 + (i))) & 1)
#define WITH(i, w)	((1 << (i)) | ((w) << (4 + (i))))

/* The tables. A count of 0: free. */
byte pud[NMM] = NONE;	bit pud_w[NMM];	bit pud_lock[NMM];
byte md[NMD] = NONE;	bit md_w[NMD];	bit md_lock[NMD];	byte md_count[NMD];
byte pt[NPT] = NONE;	bit pt_w[NPT];	bit pt_lock[NPT];	byte pt_count[NPT];

/* Pages: _mapcount, _refcount (0: free), contents. */
byte pg_map[NPG];	byte pg_ref[NPG];	bit pg_val[NPG];
byte pg_locked = NONE;	/* the page that the reverse map's walker has locked */

/* Address spaces. */
bit live[NMM];		/* CPUs may have it loaded */
bit rss[NMM];
bit expect[NMM];	/* what the program wrote last: what a read must find */

/* Sleeping locks: readers, writer. */
byte mmap_r[NMM];	bit mmap_w[NMM];
byte rmap_r;		bit rmap_w;

/* What each task has at hand: PMD table, PTE table, page, the copy of a page; NONE between uses. */
byte task_md[NTASKS] = NONE, task_pt[NTASKS] = NONE;
byte task_page[NTASKS] = NONE, task_copy[NTASKS] = NONE;
byte fresh;	/* within a step */
#define MD	task_md[id]
#define PT	task_pt[id]
#define PAGE	task_page[id]
#define COPY	task_copy[id]

/*
 * Caches of CPU c for mm m, at m * NCPU + c: the PMD tables that cached PUD entries point at, the
 * PTE tables that cached PMD entries point at, the pages of the TLB. Low half: for reading; high
 * half: with W (the AND of all levels above).
 */
byte cache_md[NMM * NCPU], cache_pt[NMM * NCPU], tlb[NMM * NCPU];

/* ---- Hardware -------------------------------------------------------------------------------- */

c_code {
/* What CPU x % NCPU may have cached for mm x / NCPU by now. 0: it leads where it must not. */
static int fill(int x)
{
	int mm = x / NCPU, i;

	if (now.pud[mm] != NONE)
		now.cache_md[x] |= WITH(now.pud[mm], now.pud_w[mm]);
	for (i = 0; i < NMD; i++) {
		if (!HAS(now.cache_md[x], i))
			continue;
		if (!now.md_count[i])
			return 0;	/* a walk through a freed table */
		if (now.md[i] != NONE)
			now.cache_pt[x] |= WITH(now.md[i], HAS_W(now.cache_md[x], i) & now.md_w[i]);
	}
	for (i = 0; i < NPT; i++) {
		if (!HAS(now.cache_pt[x], i))
			continue;
		if (!now.pt_count[i])
			return 0;
		if (now.pt[i] != NONE)
			now.tlb[x] |= WITH(now.pt[i], HAS_W(now.cache_pt[x], i) & now.pt_w[i]);
	}
	for (i = 0; i < NPG; i++) {
		if (!HAS(now.tlb[x], i))
			continue;
		if (!now.pg_ref[i])
			return 0;	/* access to a freed page */
		if (now.pg_val[i] != now.expect[mm])
			return 0;	/* a read finds another's write, or not its own */
	}
	return 1;
}

static int hardware_ok(void)
{
	int x;

	for (x = 0; x < NMM * NCPU; x++)
		if (now.live[x / NCPU] && !fill(x))
			return 0;
	return 1;
}

/* I1 and I2, wherever no lock says that it is being worked at. */
static int invariants_ok(void)
{
	int i;

	if (now.rmap_w)
		return 1;
	for (i = 0; i < NMM; i++)
		if (now.pud_w[i] && !now.pud_lock[i] && now.md_count[now.pud[i]] != 1)
			return 0;
	for (i = 0; i < NMD; i++)
		if (now.md_w[i] && !now.md_lock[i] && now.pt_count[now.md[i]] != 1)
			return 0;
	for (i = 0; i < NPT; i++)
		if (now.pt_w[i] && !now.pt_lock[i] && now.pg_map[now.pt[i]] != 1)
			return 0;
	return 1;
}

/* If nobody is at work: what is counted is what is there, and no lock is held. */
static int recount_ok(void)
{
	int i, j, n;

	if (now.rmap_r || now.rmap_w || now.pg_locked != NONE)
		return 1;
	for (i = 0; i < NMM; i++)
		if (now.mmap_r[i] || now.mmap_w[i])
			return 1;
	for (i = 0; i < NMD; i++) {
		for (j = n = 0; j < NMM; j++)
			n += now.pud[j] == i;
		if (now.md_count[i] != n || (!n && now.md[i] != NONE) || now.md_lock[i])
			return 0;
	}
	for (i = 0; i < NPT; i++) {
		for (j = n = 0; j < NMD; j++)
			n += now.md[j] == i;
		if (now.pt_count[i] != n || (!n && now.pt[i] != NONE) || now.pt_lock[i])
			return 0;
	}
	for (i = 0; i < NPG; i++) {
		for (j = n = 0; j < NPT; j++)
			n += now.pt[j] == i;
		if (now.pg_map[i] != n || now.pg_ref[i] != n)
			return 0;
	}
	for (i = 0; i < NMM; i++) {
		n = now.pud[i] != NONE && now.pt[now.md[now.pud[i]]] != NONE;
		if (now.live[i] != (now.pud[i] != NONE) || now.rss[i] != n || now.pud_lock[i])
			return 0;
	}
	return 1;
}

/*
 * States that differ only in which index a table or a page has are one: rename them in the order
 * in which they are seen from the mms and the tasks. Those not seen keep their order behind them.
 */
#define EACH(i, nr)	for (i = 0; i < (nr); i++)
#define SEE(name, i)	(void)((i) != NONE && name[i] == NONE && (name[i] = name##_seen++))
#define SEE_REST(name, nr)	EACH(i, nr) SEE(name, i)
#define RENAME(var, name)	((var) = (var) == NONE ? NONE : name[var])
#define PERMUTE(array, name, nr)					\
	do {								\
		EACH(i, nr) was[i] = array[i];				\
		EACH(i, nr) array[name[i]] = was[i];			\
	} while (0)
#define RENAME_SET(set, name, nr)					\
	do {								\
		int was_set = set;					\
									\
		set = 0;						\
		EACH(j, nr)						\
			if (HAS(was_set, j))				\
				set |= WITH(name[j], HAS_W(was_set, j)); \
	} while (0)

static void rename_all(void)
{
	unsigned char md[NMD], pt[NPT], pg[NPG], was[8];
	int i, j, path[NMM], md_seen = 0, pt_seen = 0, pg_seen = 0;

	EACH(i, NMD) md[i] = NONE;
	EACH(i, NPT) pt[i] = NONE;
	EACH(i, NPG) pg[i] = NONE;
	EACH(i, NMM) {
		SEE(md, now.pud[i]);
		path[i] = now.pud[i] == NONE ? NONE : now.md[now.pud[i]];
		SEE(pt, path[i]);
		if (path[i] != NONE)
			SEE(pg, now.pt[path[i]]);
	}
	EACH(i, NTASKS) {
		SEE(md, now.task_md[i]);
		SEE(pt, now.task_pt[i]);
		SEE(pg, now.task_page[i]);
		SEE(pg, now.task_copy[i]);
	}
	SEE(pg, now.pg_locked);
	SEE_REST(md, NMD);
	SEE_REST(pt, NPT);
	SEE_REST(pg, NPG);

	EACH(i, NMD) RENAME(now.md[i], pt);
	PERMUTE(now.md, md, NMD);
	PERMUTE(now.md_w, md, NMD);
	PERMUTE(now.md_lock, md, NMD);
	PERMUTE(now.md_count, md, NMD);
	EACH(i, NPT) RENAME(now.pt[i], pg);
	PERMUTE(now.pt, pt, NPT);
	PERMUTE(now.pt_w, pt, NPT);
	PERMUTE(now.pt_lock, pt, NPT);
	PERMUTE(now.pt_count, pt, NPT);
	PERMUTE(now.pg_map, pg, NPG);
	PERMUTE(now.pg_ref, pg, NPG);
	PERMUTE(now.pg_val, pg, NPG);
	EACH(i, NMM) RENAME(now.pud[i], md);
	EACH(i, NTASKS) {
		RENAME(now.task_md[i], md);
		RENAME(now.task_pt[i], pt);
		RENAME(now.task_page[i], pg);
		RENAME(now.task_copy[i], pg);
	}
	now.pg_locked = now.pg_locked == NONE ? NONE : pg[now.pg_locked];
	EACH(i, NMM * NCPU) {
		RENAME_SET(now.cache_md[i], md, NMD);
		RENAME_SET(now.cache_pt[i], pt, NPT);
		RENAME_SET(now.tlb[i], pg, NPG);
	}
}
}

/* After every change of what hardware sees, in the same d_step. */
inline settle()
{
#ifndef LOCKS
	c_code [hardware_ok()] { ; };
#endif
#ifndef NO_INVARIANTS
	c_code [invariants_ok()] { ; };
#endif
	c_code { rename_all(); }
}

/* INVLPG of some other address: only the paging-structure caches are emptied. */
inline flush_upper(m, c)
{
	d_step {
		cache_md[(m) * NCPU + (c)] = 0;
		cache_pt[(m) * NCPU + (c)] = 0;
		settle()
	}
}

inline flush(m, c)	/* everything, or INVLPG of our address */
{
	d_step {
		cache_md[(m) * NCPU + (c)] = 0;
		cache_pt[(m) * NCPU + (c)] = 0;
		tlb[(m) * NCPU + (c)] = 0;
		settle()
	}
}

#define none_live	(!live[0] && !live[1] && !live[NMM - 1])
#define MAY_WRITE(m, p) (HAS_W(tlb[(m) * NCPU], p) || HAS_W(tlb[(m) * NCPU + 1], p))

/*
 * A program's write, by any CPU whose TLB has the page with W. Of all writes one writes 1, the
 * others 0: whichever it is, it must be found where it is expected and nowhere else.
 */
#define WRITES(m, p)									\
	:: MAY_WRITE(m, p) && (pg_val[p] || expect[m]) ->				\
		d_step { pg_val[p] = 0; expect[m] = 0; settle() }			\
	:: MAY_WRITE(m, p) && no_marks ->						\
		d_step { pg_val[p] = 1; expect[m] = 1; settle() }
#define no_marks (!expect[0] && !expect[1] && !expect[NMM - 1] &&		\
		  !pg_val[0] && !pg_val[1] && !pg_val[2] && !pg_val[NPG - 1])

proctype programs()
{
	do
	:: atomic {
		if
		WRITES(0, 0)
		WRITES(0, 1)
		WRITES(0, 2)
		WRITES(1, 0)
		WRITES(1, 1)
		WRITES(1, 2)
#if NPG > 3
		WRITES(0, 3)
		WRITES(1, 3)
#endif
#if NMM > 2
		WRITES(2, 0)
		WRITES(2, 1)
		WRITES(2, 2)
		WRITES(2, 3)
#endif
		fi
	}
	:: none_live -> break
	od
}

/* ---- Locks, memory, accounts ----------------------------------------------------------------- */

/*
 * Taking locks and the first action under them are one step, unless one has to be waited for:
 * nobody could tell. LOCKS makes them separate steps, to look for deadlocks, and leaves hardware
 * out.
 */
#ifdef LOCKS
#define ATOMIC
#else
#define ATOMIC atomic
#endif

#define acquire(lock)		d_step { !lock -> lock = 1 }
#define read_lock_rmap		d_step { !rmap_w -> rmap_r++ }
#define write_lock_rmap		d_step { !rmap_w && !rmap_r -> rmap_w = 1 }
#define read_lock_mmap		d_step { live[m] && !mmap_w[m] -> mmap_r[m]++ }
#define write_lock_mmap(also)	d_step { live[m] && !mmap_w[m] && !mmap_r[m] && also -> \
					 mmap_w[m] = 1; writer = 1 }

/* The lowest free index, or how many there are. Who asks takes it in the same d_step. */
#define lowest(count, rest)	(count[0] -> (count[1] -> (count[2] -> rest : 2) : 1) : 0)
#define free_md			lowest(md_count, NMD)
#define free_pt			lowest(pt_count, NPT)
#if NPG > 3
#define free_page		lowest(pg_ref, (pg_ref[3] -> NPG : 3))
#else
#define free_page		lowest(pg_ref, NPG)
#endif

inline put_page(p)
{
	pg_ref[p]--;
	if
	:: !pg_ref[p] -> assert(!pg_map[p]); pg_val[p] = 0
	:: else
	fi
}

/* Nobody is at work: what is counted must be what is there. */
inline recount()
{
	c_code [recount_ok()] { ; };
}

/* ---- What threads do ------------------------------------------------------------------------- */

/* A copy takes every count that its entry stands for. */
inline copy_pmd_table(source, copy)
{
#if BUG != 2
	md_w[source] = 0;
	settle();
#endif
	copy = free_md;
	md_count[copy] = 1;
	md[copy] = md[source];
	pt_count[md[source]]++
}

inline copy_pte_table(source, copy)
{
	pt_w[source] = 0;
	settle();
	copy = free_pt;
	pt_count[copy] = 1;
	pt[copy] = pt[source];
	if
	:: pt[copy] != NONE -> pg_map[pt[copy]]++; pg_ref[pt[copy]]++
	:: else
	fi
}

#define unborn(mm)	(!live[mm] && pud[mm] == NONE)

/* Make the upper entry of the child: one of three depths of sharing. */
inline share()
{
	child = (unborn(1) -> 1 : NMM - 1);
	if
	:: true ->	/* the PMD table */
		pud_w[m] = 0;
		pud[child] = pud[m]; md_count[pud[m]]++
	:: true ->	/* a PMD table of the child's own, the PTE table shared */
		copy_pmd_table(pud[m], fresh);
		pud[child] = fresh; pud_w[child] = 1
	:: true ->	/* both tables the child's own, the entry copied */
		copy_pte_table(md[pud[m]], fresh);
		pud[child] = free_md; pud_w[child] = 1;
		md_count[pud[child]] = 1;
		md[pud[child]] = fresh; md_w[pud[child]] = 1
	fi;
	settle();
	rss[child] = rss[m];
	fresh = 0
}

/* All of the mm's upper entries := none. MD, PT, PAGE: what is then to be let go of. */
inline unhook()
{
	MD = pud[m];
	if
	:: md_count[MD] == 1 ->
		PT = md[MD];
		if
		:: pt_count[PT] == 1 && pt[PT] != NONE ->
			PAGE = pt[PT];
			pt[PT] = NONE; pt_w[PT] = 0;
			pg_map[PAGE]--
		:: else
		fi;
		settle();
		md[MD] = NONE; md_w[MD] = 0
	:: else
	fi;
	settle();
	pud[m] = NONE; pud_w[m] = 0;
	rss[m] = 0;
	settle()
}

inline let_go()
{
	md_count[MD]--;
	if
	:: PT != NONE -> pt_count[PT]--
	:: else
	fi;
	if
	:: PAGE != NONE -> put_page(PAGE)
	:: else
	fi;
	settle();
	MD = NONE; PT = NONE; PAGE = NONE
}

inline unlock_mmap()
{
	if
	:: writer -> mmap_w[m] = 0
	:: else -> mmap_r[m]--
	fi;
	PT = NONE; PAGE = NONE; COPY = NONE; val = 0; writer = 0; child = 0;
	settle();
	recount()
}

#define PRESENT		(pt[PT] != NONE)
#define REUSABLE(p)	(pg_map[p] == 1 && (BUG == 10 || pg_ref[p] == 1) && pg_locked != p)

/* Of two threads of an mm it is enough that one does everything and the other faults. */
proctype thread(byte id, m; bit faults_only)
{
	byte child;
	bit val, writer;

again:	if
	:: ATOMIC { read_lock_mmap; goto own }			/* write fault */
	:: ATOMIC { write_lock_mmap(!faults_only); goto own }	/* munmap of a part of the table */
	:: ATOMIC { write_lock_mmap(!faults_only); goto drop }	/* of everything; exit; exec */
	:: ATOMIC { write_lock_mmap(!faults_only && (unborn(1) || unborn(NMM - 1))); goto fork }
	:: none_live -> goto gone
	fi;

	/* Own the path: first the PMD table ... */
own:	ATOMIC {
		read_lock_rmap;
		acquire(pud_lock[m]);
		d_step { !md_lock[pud[m]] -> MD = pud[m]; md_lock[MD] = 1 };
		if
		:: d_step { md_count[MD] == 1 ->
				pud_w[m] = 1;
				settle();
				md_lock[MD] = 0; pud_lock[m] = 0; MD = NONE
			};
			goto own_pte_table
		:: d_step { md_count[MD] != 1 ->
				copy_pmd_table(MD, fresh);
				pud[m] = fresh; pud_w[m] = 1;
				settle();
				fresh = 0
			}
		fi
	};
#if BUG == 1
	d_step { md_count[MD]--; md_lock[MD] = 0; settle() };
#elif BUG == 5
	md_lock[MD] = 0;
#endif
	flush_upper(m, 0);
	flush_upper(m, 1);
	d_step {
#if BUG != 1
		md_count[MD]--;
		assert(md_count[MD]);
#endif
#if BUG != 1 && BUG != 5
		md_lock[MD] = 0;
#endif
		settle();
		pud_lock[m] = 0; MD = NONE
	};

	/* ... then the PTE table. Its upper table is private by now, but has a lock. */
own_pte_table:
	ATOMIC {
		d_step { !md_lock[pud[m]] -> MD = pud[m]; md_lock[MD] = 1 };
		d_step { !pt_lock[md[MD]] -> PT = md[MD]; pt_lock[PT] = 1 };
		if
		:: d_step { pt_count[PT] == 1 || (BUG == 4 && PRESENT && pg_map[pt[PT]] == 1) ->
				md_w[MD] = 1;
				settle();
				pt_lock[PT] = 0; md_lock[MD] = 0; rmap_r--; MD = NONE
			};
			goto entry
		:: else ->
			d_step {
				copy_pte_table(PT, fresh);
				md[MD] = fresh; md_w[MD] = 1;
				settle();
				fresh = 0
			}
		fi
	};
#if BUG == 1
	d_step { pt_count[PT]--; pt_lock[PT] = 0; settle() };
#elif BUG == 5
	pt_lock[PT] = 0;
#endif
	flush_upper(m, 0);
	flush_upper(m, 1);
	d_step {
#if BUG != 1
		pt_count[PT]--;
		assert(pt_count[PT]);
#endif
#if BUG != 1 && BUG != 5
		pt_lock[PT] = 0;
#endif
		settle();
		PT = md[MD];
		md_lock[MD] = 0; rmap_r--; MD = NONE
	};

	/* The entry: take it away, fill it, reuse its page, or copy that. */
entry:	ATOMIC {
		acquire(pt_lock[PT]);
		if
		:: d_step { writer && PRESENT ->
				PAGE = pt[PT];
				pt[PT] = NONE; pt_w[PT] = 0;
				pg_map[PAGE]--; rss[m] = 0;
				pt_lock[PT] = 0;
				settle()
			};
			goto taken
		:: d_step { !writer && !PRESENT && free_page < NPG ->
				PAGE = free_page;
				pg_ref[PAGE] = 1; pg_map[PAGE] = 1;
				pt[PT] = PAGE; pt_w[PT] = 1;
				rss[m] = 1; expect[m] = 0;
				pt_lock[PT] = 0;
				unlock_mmap()
			};
			goto again
		:: d_step { !writer && PRESENT && !pt_w[PT] && REUSABLE(pt[PT]) ->
				pt_w[PT] = 1;
				pt_lock[PT] = 0;
				unlock_mmap()
			};
			goto again
		:: d_step { !writer && PRESENT && !pt_w[PT] && !REUSABLE(pt[PT]) ->
				PAGE = pt[PT];
				pg_ref[PAGE]++;
				pt_lock[PT] = 0;
				settle()
			}
		:: else ->
			d_step { pt_lock[PT] = 0; unlock_mmap() };
			goto again
		fi
	};
	val = pg_val[PAGE];
	ATOMIC {
		acquire(pt_lock[PT]);
		if
		:: d_step { pt[PT] == PAGE && !pt_w[PT] && free_page < NPG ->
				COPY = free_page;
				pg_ref[COPY] = 1; pg_map[COPY] = 1; pg_val[COPY] = val; val = 0;
#if BUG == 8
				pt[PT] = COPY; pt_w[PT] = 1;
#else
				pt[PT] = NONE;
#endif
				settle()
			}
		:: else ->
			d_step { pt_lock[PT] = 0; put_page(PAGE); unlock_mmap() };
			goto again
		fi
	};
	flush(m, 0);
	flush(m, 1);
	d_step {
		pt[PT] = COPY; pt_w[PT] = 1;
		pg_map[PAGE]--; pg_ref[PAGE]--;
		settle();
		pt_lock[PT] = 0
	};
	d_step { put_page(PAGE); unlock_mmap() };
	goto again;

taken:	flush(m, 0);
	flush(m, 1);
	d_step { put_page(PAGE); unlock_mmap() };
	goto again;

drop:	ATOMIC {
		write_lock_rmap;
#if BUG == 9
		d_step { unhook(); let_go() }
#else
		d_step { unhook() }
#endif
	};
	flush(m, 0);
	flush(m, 1);
	d_step {
#if BUG != 9
		let_go();
#endif
		live[m] = 0; expect[m] = 0; rmap_w = 0;
		unlock_mmap()
	};
	goto again;

fork:	ATOMIC {
		write_lock_rmap;
		if
		:: unborn(1) || unborn(NMM - 1) -> atomic { share() }
#if NMM > 2
		:: else ->	/* another was faster */
			d_step { rmap_w = 0; unlock_mmap() };
			goto again
#endif
		fi;
		rmap_w = 0
	};
	flush(m, 0);
#if BUG != 3
	flush(m, 1);
#endif
	d_step { expect[child] = expect[m]; live[child] = 1; unlock_mmap() };
	goto again;

gone:	skip
}

/* ---- The reverse map ------------------------------------------------------------------------- */

#define LEADS(m)	(pud[m] != NONE && md[pud[m]] == PT)

/* Every mm whose walk leads to the table is re-accounted, and a CPU of it flushed. */
inline flush_owner(mm, c)
{
	if
	:: LEADS(mm) ->
		rss[mm] = 0;
		if
		:: BUG != 7 || m == mm ->
			cache_md[mm * NCPU + c] = 0;
			cache_pt[mm * NCPU + c] = 0;
			tlb[mm * NCPU + c] = 0
		:: else
		fi
	:: else
	fi
}

inline flush_owners(c)
{
	d_step {
		flush_owner(0, c);
		flush_owner(1, c);
#if NMM > 2
		flush_owner(2, c);
#endif
		settle()
	}
}

/* Take pages out of all page tables, as truncation and reclaim do. */
proctype unmapper()
{
	byte id = NTASKS - 1, m;

next:	if
	:: ATOMIC {
		if
		:: d_step { pg_map[0] -> pg_locked = 0 }
		:: d_step { pg_map[1] -> pg_locked = 1 }
		:: d_step { pg_map[2] -> pg_locked = 2 }
#if NPG > 3
		:: d_step { pg_map[3] -> pg_locked = 3 }
#endif
		fi;
		d_step { pg_ref[pg_locked]++; settle() };
		read_lock_rmap
	   }
	:: none_live -> goto gone
#ifdef LOCKS
	:: true -> goto gone	/* so that no deadlock of the others hides behind this loop */
#endif
	fi;

walk:	if
	:: d_step { m < NMM && pud[m] == NONE -> m++ }; goto walk
	:: d_step { m < NMM && pud[m] != NONE && !(BUG == 11 && mmap_w[m]) -> MD = pud[m] }
	:: d_step { m == NMM ->
			assert(!pg_map[pg_locked]);
			rmap_r--; m = 0;
			put_page(pg_locked);
			pg_locked = NONE;
			settle();
			recount()
		};
		goto next
	fi;
	d_step { assert(md_count[MD]); PT = md[MD]; MD = NONE };
	ATOMIC {
		acquire(pt_lock[PT]);
		assert(pt_count[PT]);
		if
		:: d_step { !LEADS(m) && BUG != 6 ->	/* it was replaced meanwhile */
				pt_lock[PT] = 0; PT = NONE;
				settle()
			};
			goto walk
		:: d_step { (LEADS(m) || BUG == 6) && pt[PT] != pg_locked ->
				pt_lock[PT] = 0; PT = NONE; m++;
				settle()
			};
			goto walk
		:: d_step { (LEADS(m) || BUG == 6) && pt[PT] == pg_locked ->
				pt[PT] = NONE; pt_w[PT] = 0;
				pg_map[pg_locked]--;
				settle()
			}
		fi
	};
	flush_owners(0);
	flush_owners(1);
	d_step { put_page(pg_locked); pt_lock[PT] = 0; PT = NONE; m++; settle() };
	goto walk;

gone:	skip
}

init {
	d_step {
		pud[0] = 0; pud_w[0] = 1;
		md[0] = 0; md_w[0] = 1; md_count[0] = 1;
		pt[0] = 0; pt_w[0] = 1; pt_count[0] = 1;
		pg_map[0] = 1; pg_ref[0] = 1;
		rss[0] = 1; live[0] = 1;
		settle()
	};
	atomic {
		run thread(0, 0, 0);
		run thread(1, 1, 0);
#if NMM > 2
		run thread(2, 2, 0);
#else
		run thread(2, 0, 1);
#endif
#ifndef NO_UNMAPPER
		run unmapper();
#endif
#ifndef LOCKS
		run programs()
#endif
	};
	/* Everybody is gone: everything must be free. */
	atomic { _nr_pr == 1 -> recount(); assert(none_live) }
}
