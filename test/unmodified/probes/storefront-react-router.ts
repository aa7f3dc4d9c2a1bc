import type { Probe } from "../probe.ts";

export const storefrontReactRouter: Probe = {
  project: "storefront-react-router",
  kind: "React Router built by Vite with Cloudflare's plugin: a redirected configuration, no bundling, assets, streamed pages",
  worker: "storefront",
  build: ["@react-router/dev/bin.cjs", "build"],
  ask: async (visit) => {
    const home = (await visit.ask("/")).text;
    const script = /\/assets\/entry\.client-[\w-]+\.js/.exec(home)?.[0] ?? "/none";
    const bought = await visit.ask("/?index", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", accept: "text/html" },
      body: "cart=c-1&item=tea&item=milk",
    });
    const ended = await visit.ended("/api/checkout/c-1");
    const asset = await visit.ask(script);
    return {
      title: /<title>.*?<\/title>/.exec(home)?.[0],
      analytics: home.includes('content="UA-42"'),
      carts: [home.includes("carts: 0"), (await visit.ask("/")).text.includes("carts: 1")],
      streamed: home.includes("fresh every morning"),
      bought: [bought.status, bought.headers["location"]],
      page: (await visit.ask("/checkout/c-1")).text.includes("<h1>Checkout c-1</h1>"),
      ended,
      asset: [asset.status, asset.headers["content-type"]?.includes("javascript")],
      robots: (await visit.ask("/robots.txt")).text.trim(),
      missing: [(await visit.ask("/nowhere")).status, (await visit.ask("/api/checkout/none")).status],
    };
  },
  expected: {
    title: "<title>Tea &amp; more</title>",
    analytics: true,
    carts: [true, true],
    streamed: true,
    bought: [302, "/checkout/c-1"],
    page: true,
    ended: {
      status: "complete",
      output: { receipt: "Tea & more: milk, tea", mode: "production", prod: true, analytics: "UA-42" },
    },
    asset: [200, true],
    robots: "User-agent: *",
    missing: [404, 404],
  },
};
