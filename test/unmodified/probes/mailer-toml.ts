import type { Probe } from "../probe.ts";

export const mailerToml: Probe = {
  project: "mailer-toml",
  kind: "TOML with environments, rules, aliases, definitions and an account's id; old decorators",
  worker: "mailer-production",
  args: ["--env", "production"],
  secrets: ".dev.vars.production",
  ask: async (visit) => {
    const recipients = [
      { name: "Ada", email: "ada@example.com" },
      { name: "Bob", email: "bob@example.com" },
    ];
    const home = await visit.json("/");
    const started = await visit.post("/campaigns/spring", { recipients });
    const campaign = await visit.ended("/campaigns/spring");
    return { home, started, campaign, sent: await visit.json("/sent"), missing: (await visit.ask("/no")).status };
  },
  expected: {
    home: {
      environment: "production",
      from: "hello@example.com",
      throttle: { perMinute: 60, burst: { size: 5, cooldown: "10 seconds" } },
      channel: "stable",
      version: "1.2.0",
      key: "production key",
      multi: 2,
    },
    started: { id: "spring" },
    campaign: {
      status: "complete",
      output: { from: "hello@example.com", delivered: ["ada@example.com/59", "bob@example.com/59"], key: 14 },
    },
    sent: { keys: ["spring/ada@example.com", "spring/bob@example.com"], list_complete: true },
    missing: 404,
  },
};
