/** The counts of statuses are kept as batches come: here they are held against a recount, after batches of every kind. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { INSTANCE_STATUSES, type InstanceStatus } from "../../src/model/instance/status.ts";
import type { Store } from "../../src/ports/store.ts";
import type { Append, Batch } from "../../src/ports/instances/commit.ts";
import { sampleChange, sampleInstance, sampleRow, sampleWriter, type OpenedStore, type SampleWriter } from "./store-samples.ts";

const WORKFLOWS = ["orders", "bills"] as const;

const status: fc.Arbitrary<InstanceStatus> = fc.constantFrom(...INSTANCE_STATUSES);

/** One random batch; `which` picks an instance among those that there are. */
const script = fc.record({
  creates: fc.array(fc.record({ workflow: fc.constantFrom(...WORKFLOWS), id: fc.constantFrom("a", "b", "c", "d", "e"), status })),
  changes: fc.array(fc.record({ which: fc.nat(9), status, restart: fc.boolean() })),
  removes: fc.array(fc.nat(9), { maxLength: 2 }),
  /** Ends with a row that cannot be written, so that the whole batch must count for nothing. */
  isSpoiled: fc.boolean(),
});

type Script = typeof script extends fc.Arbitrary<infer T> ? T : never;

interface Expected {
  readonly workflow: string;
  readonly status: InstanceStatus;
}

/** Defines the tests of how statuses are counted. */
export function statusCountsContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name}: status counts`, () => {
    test("after any batches the counts are those of a recount, and of what was asked for", async () => {
      const opened = await open();
      const { store } = opened;
      const writer = await sampleWriter(store);
      let turn = 0;
      const property = fc.asyncProperty(fc.array(script, { maxLength: 8 }), async (scripts) => {
        // Workflows of its own make every turn begin from nothing.
        turn += 1;
        await play(store, writer, scripts, `-${turn}`);
      });
      try {
        await fc.assert(property);
      } finally {
        await opened.close();
      }
    });
  });
}

async function play(store: Store, writer: SampleWriter, scripts: readonly Script[], suffix: string): Promise<void> {
  let expected: ReadonlyMap<number, Expected> = new Map();
  const before = await store.statusCounts();
  let seq = 1;
  for (const each of scripts) {
    const { batch, after } = toBatch(each, expected, seq, suffix);
    seq += each.changes.length + 2;
    if (each.isSpoiled && expected.size > 0) {
      await expect(writer.commit(batch)).rejects.toThrow();
    } else {
      const { created } = await writer.commit(batch);
      expected = new Map([...after, ...created.flatMap((pk, i) => made(pk, batch.creates[i]?.summary))]);
    }
    for (const workflow of WORKFLOWS) await check(store, workflow + suffix, expected);
    const counted = await Promise.all(WORKFLOWS.map((workflow) => store.statusCounts(workflow + suffix)));
    expect(await store.statusCounts()).toEqual(sum([before, ...counted]));
  }
}

function toBatch(
  each: Script,
  before: ReadonlyMap<number, Expected>,
  seq: number,
  suffix: string,
): { batch: Batch; after: Map<number, Expected> } {
  const pks = [...before.keys()];
  const after = new Map(before);
  const appends = each.changes.flatMap(({ which, status: to, restart }, i): Append[] => {
    const pk = pks[which];
    const from = pk === undefined ? undefined : after.get(pk);
    if (pk === undefined || from === undefined) return [];
    after.set(pk, { ...from, status: to });
    const append = sampleChange(pk, seq + 1 + i, from.status, to);
    return [restart ? { ...append, restart: true } : append];
  });
  const [first] = pks;
  const twice = { pk: first ?? 0, row: sampleRow(seq + each.changes.length + 1) };
  if (each.isSpoiled && first !== undefined) appends.push(twice, twice);
  const removes = each.removes.flatMap((which) => pks[which] ?? []);
  for (const pk of removes) after.delete(pk);
  const creates = each.creates.map(({ workflow, id, status: born }) =>
    sampleInstance(id, { workflow: workflow + suffix, status: born }),
  );
  return { batch: { creates, chunks: [], appends, removes }, after };
}

function made(pk: number | "exists", instance: Expected | undefined): [number, Expected][] {
  return pk === "exists" || instance === undefined ? [] : [[pk, instance]];
}

async function check(store: Store, workflow: string, expected: ReadonlyMap<number, Expected>): Promise<void> {
  const counts = await store.statusCounts(workflow);
  expect(counts).toEqual(tally(await store.list({ workflow, direction: "asc", limit: 1000 })));
  expect(counts).toEqual(tally([...expected.values()].filter((each) => each.workflow === workflow)));
}

function sum(all: readonly Partial<Record<InstanceStatus, number>>[]): Partial<Record<InstanceStatus, number>> {
  const counts: Partial<Record<InstanceStatus, number>> = {};
  for (const status of all.flatMap((each) => Object.entries(each)))
    counts[status[0] as InstanceStatus] = (counts[status[0] as InstanceStatus] ?? 0) + status[1];
  return counts;
}

function tally(instances: Iterable<{ readonly status: InstanceStatus }>): Partial<Record<InstanceStatus, number>> {
  const counts: Partial<Record<InstanceStatus, number>> = {};
  for (const each of instances) counts[each.status] = (counts[each.status] ?? 0) + 1;
  return counts;
}
