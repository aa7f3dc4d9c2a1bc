/** A mixed load while what it stands on fails: commits, in one scenario, and the processes or threads that run user code, in another. */
import { Ledger } from "../ledger.ts";
import { acknowledge, feed, verify } from "../mixed.ts";
import type { ExecutorName, Server } from "../server.ts";
import type { Scenario, Trial } from "../trial.ts";
import { SLOWEST_STEP_MS } from "../worker.ts";

const FAULTY_MS = 15_000;
/** From one kill to the next, in milliseconds. */
const SHORTEST_LIFE_MS = 800;
const LONGEST_LIFE_MS = 2_500;
/** What fails costs a retry's delay, or a moment of a new host's start. */
const LOAD = { slowestMs: SLOWEST_STEP_MS + 500 };

const NAPPERS = 20;
const NAPS = 150;
const ROUNDS = 4;

/**
 * Commits fail on a server where nothing else happens: instances that shared one have to go on by themselves, since nothing comes
 * along that would have them looked at.
 */
export const quietCommits = (executor: ExecutorName): Scenario => ({
  name: "quiet-commits",
  executor,
  load: "idle",
  limitMs: 240_000,
  async run(trial) {
    const seed = Math.floor(trial.random() * 2 ** 32);
    const faults = { seed, before: 0.02, after: 0.01, outageEveryMs: 1_000, outageMs: 15, forMs: Number.MAX_SAFE_INTEGER };
    const server = await trial.serve({ faults });
    const rounds = Math.ceil(ROUNDS * trial.scale);
    for (let round = 0; round < rounds; round += 1) {
      const ids = Array.from({ length: NAPPERS }, (_, i) => `round-${round}-${i}`);
      for (const instance_id of ids)
        await acknowledge(trial, () =>
          server.api("POST", "/workflows/napper/instances", { instance_id, params: { naps: NAPS } }),
        );
      await trial.until(`the instances of round ${round} have ended`, () =>
        ids.every((id) => server.database.hasEnded("napper", id)),
      );
    }
    const outputs = [...server.database.outputs("napper").values()];
    const right = outputs.filter((output) => output === (NAPS * (NAPS - 1)) / 2).length;
    trial.fact("failed commits", server.probed?.faults ?? 0, "commits");
    trial.check("commits were made to fail", (server.probed?.faults ?? 0) > 0);
    trial.check("every instance has returned what it should", right === rounds * NAPPERS, `${right} of ${rounds * NAPPERS}`);
  },
});

export const commits = (executor: ExecutorName): Scenario => ({
  name: "commits",
  executor,
  load: "busy",
  limitMs: 150_000,
  async run(trial) {
    const forMs = FAULTY_MS * trial.scale;
    const seed = Math.floor(trial.random() * 2 ** 32);
    const faults = { seed, before: 0.02, after: 0.01, outageEveryMs: 4_000, outageMs: 500, forMs };
    const ledger = await Ledger.open();
    trial.defer(() => ledger.close());
    // The outages are part of the time that nothing can go on.
    const server = await trial.serve({ ledger: ledger.url, faults }, { slowestMs: LOAD.slowestMs + faults.outageMs });
    const fed = await feed(trial, server, forMs);
    trial.fact("failed commits", server.probed?.faults ?? 0, "commits");
    trial.check("commits were made to fail", (server.probed?.faults ?? 0) > 0);
    verify(trial, server, ledger, fed);
  },
});

export const kills = (executor: ExecutorName): Scenario => ({
  name: "kills",
  executor,
  load: "busy",
  limitMs: 150_000,
  async run(trial) {
    const ledger = await Ledger.open();
    trial.defer(() => ledger.close());
    const server = await trial.serve({ ledger: ledger.url }, LOAD);
    const until = performance.now() + FAULTY_MS * trial.scale;
    const [fed, killed] = await Promise.all([
      feed(trial, server, FAULTY_MS * trial.scale),
      killAgainAndAgain(trial, server, until),
    ]);
    trial.fact("kills", killed, "kills");
    trial.fact("instances taken up again", server.database.recoveries(), "instances");
    trial.check("hosts were killed with instances in them", server.database.recoveries() > 0);
    verify(trial, server, ledger, fed);
  },
});

async function killAgainAndAgain(trial: Trial, server: Server, until: number): Promise<number> {
  let killed = 0;
  while (performance.now() < until) {
    await trial.pause(SHORTEST_LIFE_MS + trial.random() * (LONGEST_LIFE_MS - SHORTEST_LIFE_MS));
    if (server.executor === "node") {
      // A thread cannot be killed from outside: its own code ends it, in the middle of everything else that it does.
      await server.worker("/die");
    } else {
      const pids = server.workerds();
      const pid = pids[Math.floor(trial.random() * pids.length)];
      if (pid === undefined) continue;
      process.kill(pid, "SIGKILL");
    }
    killed += 1;
  }
  return killed;
}
