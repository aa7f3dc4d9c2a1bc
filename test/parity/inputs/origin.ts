/** What Workers see of their own address, and of the connection. */
import { answering, config, type Input } from "../input.ts";

const ROUTES = ["shop.example.com/cart/*", { pattern: "other.example.com", custom_domain: true }];

/** The port is another one each time, so a local host is shown without it. */
const SEEN = `export default { async fetch(request) {
  const { protocol, host, hostname, pathname } = new URL(request.url);
  const own = request.headers.get("host");
  const isLocal = hostname === "localhost";
  return Response.json([protocol, isLocal ? hostname : host, pathname, own === host]);
} };`;

function origin(name: string, about: string, fields: Readonly<Record<string, unknown>>, ...args: readonly string[]): Input {
  return { name, topic: "configuration", about, files: { "index.js": SEEN, ...config(fields) }, paths: ["/cart/1?a=b"], args };
}

export const ORIGIN: readonly Input[] = [
  origin("origin-none", "`request.url` without routes", {}),
  origin("origin-routes", "`request.url` has the host of the first route", { routes: ROUTES }),
  origin("origin-route", "… of `route`", { route: "https://*.example.com/*" }),
  origin("origin-custom-domain", "… of a custom domain", { routes: [{ pattern: "own.example.com", custom_domain: true }] }),
  origin("origin-zone", "… of the zone when the pattern names no host", {
    routes: [{ pattern: "*/cart", zone_name: "zone.example.com" }],
  }),
  origin("origin-unclear", "a first route that names no host", { routes: ["*/cart"] }),
  origin("origin-not-inferred", "`--infer-origin-from-routes=false`", { routes: ROUTES }, "--infer-origin-from-routes=false"),
  origin("origin-unclear-not-inferred", "the same without a host", { routes: ["*/cart"] }, "--infer-origin-from-routes=false"),
  origin("origin-routes-argument", "`--routes`", { routes: ROUTES }, "--routes", "given.example.com/*"),
  origin("origin-dev-host", "`dev.host` goes before routes", { routes: ROUTES, dev: { host: "dev.example.com:8443" } }),
  origin("origin-host", "`--host` goes before `dev.host`", { dev: { host: "dev.example.com" } }, "--host", "given.example.com"),
  origin(
    "origin-upstream",
    "`--local-upstream` and `--upstream-protocol`",
    { routes: ROUTES },
    "--local-upstream",
    "up.example.com",
    "--upstream-protocol",
    "https",
  ),
  origin("origin-protocol", "`dev.upstream_protocol`", { routes: ROUTES, dev: { upstream_protocol: "https" } }),
  origin("origin-protocol-alone", "`dev.upstream_protocol` without a host", { dev: { upstream_protocol: "https" } }),
  origin(
    "origin-env",
    "the routes of an environment",
    { routes: ROUTES, env: { a: { routes: ["a.example.com/*"] } } },
    "-e",
    "a",
  ),
  {
    name: "request-cf",
    topic: "configuration",
    about: "`request.cf` without a network",
    files: {
      "index.js": answering(
        "",
        "(({ colo, country, timezone, httpProtocol, tlsVersion, ...more }) => [colo, country, timezone, httpProtocol, tlsVersion, Object.keys(more).sort(), Object.keys(more.tlsClientAuth).sort(), Object.keys(more.botManagement).sort()])(request.cf)",
      ),
      ...config(),
    },
  },
];
