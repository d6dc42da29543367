/* Approval and dispatch of one containment at one target, by two people and two consoles (protocol.md 6, 7, 11).

   Asked of every reachable state: no effect without two persons over these very bytes; nothing begun after a cancel or
   a refusal that this console had seen; one effect at most, for every idempotency class; nothing that was signed and
   not called off is lost: it ends accepted, or with a person. MUTANT in the environment takes one guard away (the list
   below); each must be found. `tests/model/test_promela.py` runs them. By hand:
       spin -a dispatch.pml && cc -O2 -w -DSAFETY -DMEMLIM=4000 -o pan pan.c && ALL=1 ./pan -m20000

   What is modelled: revision 0, sent by console 0, with console 1 standing by; revision 1 takes it over for console 1.
   Person 0 has two keys and signs everything with both; person 1 signs, refuses, cancels or keeps silent. Consoles hear
   of what was written whenever they sync, which may be never until the end. A request gets lost, or lands late; an
   answer gets lost or comes too late; a console ends between its intent and the answer, and starts again. Stand-by and
   take-over are in one run of the model with ALL=1 only (9 million states, half a minute, 2 GB); else one or the other.

   What is left out: signatures, rosters and roles (a record is a bit); gravity; restores, overlap and drift; lists;
   execute_by and expiry; more than two consoles. Time is order only: a lease that has ended, and a settle time after
   which nothing is under way any more, which is the assumption under the classes that must not be sent twice (the hard
   deadline of a call bounds how late it lands). The provider's field can always be read back. */

#define KEY      0   /* the provider drops a second request with the same key; the key is the revision's */
#define COND     1   /* it takes a request only while the field is as it was when it was signed */
#define DESIRED  2   /* it sets a field: the same again changes nothing */
#define TAGGABLE 3   /* what landed can be told from what did not, by reading */
#define NONE     4   /* nothing can be told: a person decides */

#define COUNTS_KEYS      (mutant == 1)   /* the quorum counts keys, not persons */
#define OLD_APPROVALS    (mutant == 2)   /* a taken-over revision goes by the approvals of the former one */
#define NO_RECHECK       (mutant == 3)   /* the intent does not ask the rule again */
#define NO_INTENT        (mutant == 4)   /* the intent is not kept before the first byte */
#define RESENDS_BLINDLY  (mutant == 5)   /* unknown is sent again at once, whatever the class */
#define NO_SETTLE        (mutant == 6)   /* unknown is read back while it may still be under way */
#define ALL_STAND_BY     (mutant == 7)   /* a stand-by sends what must not be sent by two */
#define NO_LEASE         (mutant == 8)   /* a take-over does not wait for the lease of who was to send it */
#define NO_FENCE         (mutant == 9)   /* who met nobody for a lease sends all the same */
#define FORGETS          (mutant == 10)  /* what is found under way at a start is dropped */

/* what is written, a bit each; of revision 1 eight bits higher */
#define BY_KEY0   1
#define BY_KEY1   2   /* person 0 again, from another device */
#define BY_PERSON1 4
#define ENDED     8   /* cancelled or refused */
#define OF(r)     (8 * (r))

mtype = { idle, queued, looked, waiting, unknown, accepted, person, ended };

byte mutant, class;
bool all, stands_by, takes_over;
short log;              /* everything written so far */
short view[2];          /* what each console has of it */
bool lease_over;        /* 15 minutes have passed since the others could read of revision 1 */
bool unmet;             /* console 0 has met no shared place since, and fences itself */
mtype row[3];           /* 0: revision 0 at console 0; 1: revision 0 at console 1; 2: revision 1 at console 1 */
byte tried[3];
bit persons[4];         /* whether a person signed a revision, as a god sees it: revision * 2 + person */

byte field, effects, used;  /* the provider: its field, how often something happened, keys it knows */
byte under_way;             /* requests that may still land */
byte losses;
chan net = [3] of { byte };
bit answered[3];

#define CONSOLE(n)  ((n + 1) >> 1)
#define REV(n)      ((n) >> 1)
#define HAS(v, r, bits)  (((v) >> OF(r)) & (bits))
#define TWO(v, r)   ((HAS(v, r, BY_KEY0) || HAS(v, r, BY_KEY1)) && HAS(v, r, BY_PERSON1))
#define MANY(v, r)  (HAS(v, r, 3) == 3 || TWO(v, r))
#define QUORUM(v, r)  (TWO(v, r) || (COUNTS_KEYS && MANY(v, r)) || (OLD_APPROVALS && r == 1 && TWO(v, 0)))
#define OVER(v, r)  (HAS(v, r, ENDED) || (r == 0 && QUORUM(v, 1)))
#define BUSY(n)     (row[n] == looked || row[n] == waiting || row[n] == unknown)
#define STANDS_BY   (class == KEY || class == COND || class == DESIRED || ALL_STAND_BY)
#define FINAL(n)    (row[n] == accepted || row[n] == person || row[n] == ended)
#define SETTLED     (under_way == 0)

inline write(r, bits) { log = log | ((bits) << OF(r)) }

proctype Person0() {
    /* does everything that one person can do, with any number of keys and devices: revision 0 at the beginning */
    atomic { write(1, BY_KEY0 | BY_KEY1); persons[2] = 1 }
}

proctype Person1(byte r) {
    if
    :: atomic { write(r, BY_PERSON1); persons[r * 2 + 1] = 1 };
       if :: write(r, ENDED) :: skip fi      /* cancels what was signed */
    :: write(r, ENDED)                       /* refuses */
    :: skip                                  /* keeps silent */
    fi
}

proctype Time() {
    /* the others could read of revision 1 for 15 minutes: console 0 has, or it met nobody for as long */
end:
    atomic { row[2] == queued -> lease_over = true; unmet = !QUORUM(view[0], 1) }
}

proctype Sync(byte c) {
end:
    do
    :: atomic { view[c] != log || (c == 0 && unmet) -> view[c] = log; if :: c == 0 -> unmet = false :: else fi }
    od
}

proctype Provider() {
    byte n;
end:
    do
    :: atomic {
        net?n ->
        under_way--;
        assert(persons[REV(n) * 2] && persons[REV(n) * 2 + 1]);   /* no effect without quorum, over these bytes */
        if
        :: class == KEY && (used & (1 << REV(n))) -> skip
        :: class == COND && field != 0 -> skip
        :: class == DESIRED && field == 1 -> skip
        :: else -> field = 1; effects++
        fi;
        if :: class == KEY -> used = used | (1 << REV(n)) :: else fi;
        assert(effects <= 1);
        if :: row[n] == waiting -> answered[n] = 1 :: else fi;   /* else it comes too late */
        n = 0
      }
    od
}

inline send() {
    if
    :: net!n; under_way++
    :: losses < 1 -> losses++                                /* the request gets lost */
    fi;
    answered[n] = 0;
    row[n] = waiting
}

proctype Row(byte n) {
    byte c = CONSOLE(n);
    byte r = REV(n);
end:
    do
    :: atomic { row[n] == idle && QUORUM(view[c], r) && !OVER(view[c], r) && (n != 1 || STANDS_BY) ->
        row[n] = queued }

    :: atomic { row[n] == queued && OVER(view[c], r) && !NO_RECHECK -> row[n] = ended }
    :: atomic { row[n] == queued && (!OVER(view[c], r) || NO_RECHECK) &&
        (n != 2 || class == DESIRED || NO_LEASE || (lease_over && SETTLED)) &&   /* whose turn it is */
        (n != 1 || !BUSY(2)) && (n != 2 || !BUSY(1)) ->                          /* one call at a time to one place */
        if
        :: field == 1 -> row[n] = accepted                                       /* it is so already */
        :: field == 0 && tried[n] == 2 -> row[n] = person                        /* patience ends */
        :: field == 0 && tried[n] < 2 -> row[n] = looked
        fi }

    :: atomic { row[n] == looked && OVER(view[c], r) && !NO_RECHECK -> row[n] = ended }
    :: atomic { row[n] == looked && n == 0 && unmet && class != DESIRED && !NO_FENCE -> row[n] = person }
    :: atomic { row[n] == looked && (!OVER(view[c], r) || NO_RECHECK) &&
        (n != 0 || !unmet || class == DESIRED || NO_FENCE) ->                    /* asked again, and entered, in one */
        assert(!HAS(view[c], r, ENDED));                                         /* nothing begun that was called off */
        tried[n]++;
        send() }

    :: atomic { row[n] == waiting && answered[n] -> answered[n] = 0; row[n] = accepted }
    /* it takes too long, or gets lost; or the console ended and started again, which comes to the same */
    :: atomic { row[n] == waiting -> answered[n] = 0; row[n] = unknown }
    :: atomic { row[n] == waiting && NO_INTENT -> answered[n] = 0; tried[n]--; row[n] = queued }
    :: atomic { row[n] == waiting && FORGETS -> break }

    :: atomic { row[n] == unknown && RESENDS_BLINDLY && tried[n] < 2 -> tried[n]++; send() }
    :: atomic { row[n] == unknown && (SETTLED || NO_SETTLE || class <= DESIRED) ->
        if
        :: class == NONE -> row[n] = person                                      /* whose doing it is cannot be told */
        :: class != NONE && field == 1 -> row[n] = accepted
        :: class != NONE && field == 0 -> row[n] = queued
        fi }
    od
}

#define SIGNED(r)  (TWO(log, r) && !OVER(log, r))

proctype Monitor() {
    /* nothing moves any more: what was signed, and not called off or taken over, was taken up, and everything taken up
       has ended */
    timeout ->
    assert(!SIGNED(0) || FINAL(0) || FINAL(1));
    assert(!SIGNED(1) || FINAL(2));
    assert((row[0] == idle || FINAL(0)) && (row[1] == idle || FINAL(1)) && (row[2] == idle || FINAL(2)))
}

init {
    byte n;
    c_code { now.mutant = getenv("MUTANT") ? atoi(getenv("MUTANT")) : 0; now.all = getenv("ALL") != 0;
             now.class = getenv("CLASS") ? atoi(getenv("CLASS")) : 9; };
    atomic {
        row[0] = idle; row[1] = idle; row[2] = idle;
        write(0, BY_KEY0 | BY_KEY1); persons[0] = 1;
        if :: class == 9 -> select(n : 0 .. 4); class = n :: else fi;
        if :: stands_by = true :: takes_over = true fi;
        if :: all -> stands_by = true; takes_over = true :: else fi;
        run Provider(); run Person1(0); run Sync(0); run Sync(1); run Row(0); run Monitor();
        if :: stands_by -> run Row(1) :: else fi;
        if :: takes_over -> run Person0(); run Person1(1); run Time(); run Row(2) :: else fi
    }
}
