/** Another change between any two steps of a use case: each use case acts as if it had run before it or after it, as a whole. */
import { beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../model/limits.ts";
import type { Catalog } from "../../ports/catalog/catalog.ts";
import { noVault } from "../../noop/vault.ts";
import { openMemoryStore } from "../../stores/memory/open.ts";
import { readUpload } from "../upload/upload.ts";
import { HostNames } from "../addresses/host-names.ts";
import type { DeployParts } from "../versions/parts.ts";
import type { Publisher } from "../versions/publisher.ts";
import { activeVersion, checkWorker } from "../versions/scripts.ts";
import { changeScriptSettings } from "./change-script-settings.ts";
import { changeSecrets } from "./change-secrets.ts";
import { deleteScript } from "./delete-script.ts";
import { deployVersion } from "./deploy-version.ts";
import { changeEventTriggers } from "./event-triggers.ts";
import { changeConcurrencyLimit, putWorkflow } from "./put-workflow.ts";
import { setHostNames, setRoutes } from "./set-addresses.ts";
import { setCrons } from "./set-crons.ts";
import { takeIn } from "./upload.ts";
import { systemClock } from "../../system/clock.ts";
import { systemIds } from "../../system/ids.ts";

type UseCase = (catalog: Catalog) => Promise<unknown>;

/** As wrangler sends it. */
function form(): FormData {
  const sent = new FormData();
  sent.set("metadata", JSON.stringify({ main_module: "index.js", annotations: {} }));
  const module = new File(["export class Flow {}; export default {};"], "index.js", { type: "application/javascript+module" });
  sent.set("index.js", module);
  return sent;
}

const partsOf = (of: Catalog): DeployParts => ({ catalog: of, clock: systemClock, ids: systemIds });

const publisher = (of: Catalog): Publisher => ({ ...partsOf(of), vault: noVault, load: async () => {} });

const crons = (count: number): { cron: string }[] => Array.from({ length: count }, (_, i) => ({ cron: `${i} * * * *` }));

let catalog: Catalog;

/** Scripts `shop` and `bank`, each with a workflow and two versions. */
beforeEach(async () => {
  ({ catalog } = openMemoryStore());
  for (const [script, name] of [
    ["shop", "orders"],
    ["bank", "bills"],
  ] as const) {
    await upload(script, true)(catalog);
    await upload(script, false)(catalog);
    await putWorkflow(partsOf(catalog), { name, className: "Flow", script }, {});
  }
});

const upload =
  (script: string, isDeployed: boolean): UseCase =>
  async (of) =>
    takeIn(
      { publisher: publisher(of), queues: { named: () => undefined } },
      { script, upload: await readUpload(form()), isDeployed },
    );

const newest = async (script: string): Promise<string> => (await catalog.scriptVersions(script, 0, 1)).items[0]?.id ?? "";

const deletion: UseCase = (of) => deleteScript({ catalog: of, queues: { removeOrphans: async () => {} } }, "shop", true);

/** The catalogue, in which something else happens before the call with this number; and whether that came. */
function interrupted(at: number, rival: UseCase): { readonly of: Catalog; readonly isOver: () => boolean } {
  let calls = 0;
  const of = new Proxy(catalog, {
    get: (target, name) => {
      const verb: unknown = Reflect.get(target, name);
      if (typeof verb !== "function") return verb;
      return async (...given: unknown[]): Promise<unknown> => {
        calls += 1;
        if (calls === at) await rival(target);
        return Reflect.apply(verb, target, given);
      };
    },
  });
  return { of, isOver: () => calls < at };
}

const USE_CASES: Readonly<Record<string, UseCase>> = {
  "cron triggers": (of) => setCrons(of, "shop", ["0 * * * *"], 0),
  "host names": (of) => setHostNames({ catalog: of, hostNames: new HostNames(of) }, "shop", ["shop.example"]),
  routes: (of) => setRoutes(of, "shop", ["shop.example/*"], "localhost"),
  settings: (of) => changeScriptSettings(of, "shop", { logpush: true }, activeVersion),
  "settings of a Worker": (of) => changeScriptSettings(of, "shop", { logpush: true }, checkWorker),
  "event triggers": (of) =>
    changeEventTriggers(of, "shop", { triggers: [{ type: "r2.object.created", targets: [] }], keep: true }),
  "a workflow": (of) => putWorkflow(partsOf(of), { name: "orders", className: "Flow", script: "shop" }, { schedules: crons(3) }),
  "a concurrency limit": (of) => changeConcurrencyLimit(partsOf(of), "orders", 3),
  "a secret": (of) =>
    changeSecrets(publisher(of), { script: "shop", changes: { KEY: "text" }, annotations: {}, isDeployed: true }),
  "a secret of a version": (of) =>
    changeSecrets(publisher(of), { script: "shop", changes: { KEY: "text" }, annotations: {}, isDeployed: false }),
  "a version": upload("shop", false),
  "a deployment": async (of) => deployVersion(partsOf(of), "shop", await newest("shop"), {}),
};

/** All that a script of this name has. */
const rowsOf = async (script: string): Promise<unknown> => ({
  active: (await catalog.activeScript(script))?.id,
  deployments: (await catalog.deployments(script, 0, 9)).items,
  versions: (await catalog.scriptVersions(script, 0, 9)).items,
  timetable: (await catalog.timetable()).filter(({ owner }) => owner === script || owner === "orders"),
  hostNames: (await catalog.hostNames()).filter((each) => each.script === script),
  routes: (await catalog.routes()).filter((each) => each.script === script),
  settings: await catalog.scriptSettings(script),
  triggers: await catalog.eventTriggers(script),
  classes: await catalog.objectClasses(script),
});

const NOTHING = {
  active: undefined,
  deployments: [],
  versions: [],
  timetable: [],
  hostNames: [],
  routes: [],
  settings: {},
  triggers: [],
  classes: { namespaces: {} },
};

describe("a script that is deleted", () => {
  test.each(Object.entries(USE_CASES))("while %s is put leaves nothing", async (_, put) => {
    for (let at = 1; ; at += 1) {
      await upload("shop", true)(catalog);
      await putWorkflow(partsOf(catalog), { name: "orders", className: "Flow", script: "shop" }, { schedules: crons(2) });
      const { of, isOver } = interrupted(at, deletion);
      const [result] = await Promise.allSettled([put(of)]);
      if (isOver()) {
        expect(result.status).toBe("fulfilled");
        return;
      }
      expect([at, await rowsOf("shop")]).toEqual([at, NOTHING]);
    }
  });
});

describe("the limit of schedules", () => {
  const scheduled = (name: string, script: string): UseCase => {
    const schedules = crons(LIMITS.schedules - 10);
    return (of) => putWorkflow(partsOf(of), { name, className: "Flow", script }, { schedules });
  };

  test("holds when another workflow takes them between", async () => {
    for (let at = 1; ; at += 1) {
      await putWorkflow(partsOf(catalog), { name: "orders", className: "Flow", script: "shop" }, {});
      await putWorkflow(partsOf(catalog), { name: "bills", className: "Flow", script: "bank" }, {});
      const { of, isOver } = interrupted(at, scheduled("bills", "bank"));
      const [result] = await Promise.allSettled([scheduled("orders", "shop")(of)]);
      expect((await catalog.timetable()).length).toBe(LIMITS.schedules - 10);
      if (isOver()) {
        expect(result.status).toBe("fulfilled");
        return;
      }
      expect(result).toMatchObject({ status: "rejected", reason: { failure: "workflow.too_many_schedules" } });
    }
  });
});
