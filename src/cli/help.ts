/** What `--help` prints. */

const GENERAL = `stepwell: Cloudflare Workflows on your own machine.

  stepwell dev [dir]              run a Worker project and reload it when it changes
  stepwell serve                  run the Workers deployed to a data directory
  stepwell deploy FILE            deploy a bundle written by wrangler
  stepwell logs WORKFLOW INSTANCE print the logs and exceptions of an instance
  stepwell check                  look for damage in the databases of a data directory
  stepwell token create|list|revoke
                                  manage API tokens of a server
  stepwell user create|list|role|password|remove
                                  manage users of a server

  stepwell <command> --help       show the options of a command
  stepwell --version
`;

const HOST = `
  --host ADDRESS      address to listen on (127.0.0.1)`;

const SERVER = `
  --port N            port to listen on (8787); 0 picks a free port
  --account ID        account id in the paths of the API (local); unless this is given, account ids of
                      Cloudflare are accepted too
  --strict            reject Workers with unsupported bindings; without it, such a binding throws when used
  --executor E        workerd: Cloudflare's own runtime; node: worker threads of this process, without
                      isolation (workerd)
  --allow-network R   network that Workers may reach besides public addresses: private, or a range such as
                      10.1.0.0/16; repeatable. dev on a loopback address allows private. workerd only
  --hyperdrive ID=STRING
                      database of the Hyperdrive bindings with this id, as postgres://user:password@host/database;
                      repeatable. STEPWELL_HYPERDRIVE_<ID> keeps it off the command line. workerd only
  --smtp URL          mail server for send_email bindings, such as smtp://user:password@host:587, or smtps://…;
                      STEPWELL_SMTP keeps it off the command line (without it, emails are only stored)
  --hang-after MS     kill a Worker's isolate after its event loop was blocked this long (30000)
  --worker-memory MIB memory limit of a workerd process. Above half of it, its Workers move to a new process;
                      above it, the process is killed (4096, or half of the machine's memory if less)
  --park-after MS     how long a waiting instance stays in memory (60000)
  --trusted-proxy A   proxy address or range whose X-Forwarded-For and X-Forwarded-Proto headers are trusted;
                      repeatable
  --host-name NAME=SCRIPT
                      route this host name to a Worker; repeatable
  --drain-seconds N   how long running steps may continue after SIGTERM (10)
  --max-running N     instances that may run at once; others stay queued (10000)
  --max-queued N      instances that may be queued; further creates are rejected (2000000)
  --create-rate N     instances that may be created per second (no limit)
  --create-rate-per-workflow N
                      the same for each workflow (no limit)
  --log-format F      pretty or json (pretty)
  --verbose           log every request
  --quiet             log warnings and errors only
`;

const ROLE = `
  --role R            observer: reads everything except payloads; viewer: reads everything; operator: also creates
                      and controls instances and writes to storage; admin: full access
`;

/** The commands. */
export type CommandName = "check" | "deploy" | "dev" | "logs" | "serve" | "token" | "user";

const COMMANDS: Readonly<Record<CommandName, string>> = {
  check: `stepwell check: reads every database of a data directory and prints a line for each, with what is damaged.

It changes nothing, takes as long as it takes to read them, and may run beside a server. The exit code is 1 when something
is damaged.

  --data DIR          data directory (.stepwell)
`,
  deploy: `stepwell deploy FILE --name SCRIPT: deploys the file that \`wrangler deploy --dry-run --outfile FILE\` wrote.

The server is set by the same variables as for wrangler: CLOUDFLARE_API_BASE_URL (http://127.0.0.1:8787/client/v4),
CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID (local). The file has no workflow settings; they stay unchanged.

  --name SCRIPT       the Worker's name
`,
  dev: `stepwell dev [dir]: runs the Worker project in a folder (the current one) and redeploys it when it changes.
stepwell dev -c FILE -c FILE: runs several Workers with bindings to one another; localhost is the first.

It runs what wrangler deploy would upload: wrangler.json, wrangler.jsonc or wrangler.toml in the folder or above it, with
.dev.vars or .env. Started instances stay on the code that they started with. Requests need a token unless the server
listens on a loopback address.

  -c, --config FILE   configuration file; repeat it for more Workers
  -e, --env NAME      environment of the configuration (CLOUDFLARE_ENV)
  --var NAME:VALUE    variable; repeatable. Overrides the configuration and the files
  --define NAME:CODE  replace a global identifier with code
  --alias NAME:MODULE replace an imported module with another
  --name NAME         the Worker's name
  --assets DIR        folder of static assets
  --env-file FILE     file of variables, instead of .dev.vars and .env; repeatable
  --minify            minify the code
  --no-bundle         deploy the code without bundling
  --jsx-factory F, --jsx-fragment F
                      functions that JSX compiles to
  --tsconfig FILE     the tsconfig.json to use
  --compatibility-date DATE, --compatibility-flags FLAG
                      override those of the configuration; the flags are repeatable
  --data DIR, --persist-to DIR
                      data directory (.stepwell beside the configuration)
  --ip ADDRESS        address to listen on (127.0.0.1)
  --host HOST, --local-upstream HOST
                      host in the URLs that Workers see (dev.host, or the host of the first route)
  --upstream-protocol P
                      protocol in those URLs, http or https (dev.upstream_protocol, or --local-protocol)
  --no-infer-origin-from-routes
                      do not use the host of the first route
  --route PATTERN, --routes PATTERN
                      override the routes of the configuration
  --local-protocol https, --https-key-path FILE, --https-cert-path FILE
                      listen with TLS; without files, with a self-signed certificate kept in the data directory
  --inspector-port N, --inspector-ip ADDRESS
                      loopback address and port for debuggers (9229 if free; 0 picks a free port)
  --log-level L       debug, info, log, warn, error or none
  --cwd DIR           folder that paths are relative to
  --no-show-interactive-dev-session
                      disable hotkeys${SERVER}
docs/dev.md lists how the other options of wrangler dev are handled. wrangler's d1, kv, r2 and secrets-store
commands reach the data of a running dev with CLOUDFLARE_API_BASE_URL=http://127.0.0.1:8787/client/v4 and --remote instead
of --local.
`,
  logs: `stepwell logs WORKFLOW INSTANCE: prints the logs and exceptions of an instance.
stepwell logs SCRIPT --follow: prints the logs of a Worker as they arrive.

The server is set by the same variables as for wrangler: CLOUDFLARE_API_BASE_URL (http://127.0.0.1:8787/client/v4),
CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID (local).

  --step NAME         only messages of steps with this name
  --attempt N         only messages of this attempt
  --level L           lowest level to show: debug, log, info, warn or error (debug)
  --follow            keep printing new messages until the instance ends
`,
  serve: `stepwell serve: runs the Workers deployed to a data directory. Every request needs a token. In a new data directory, the
first token, with the role admin, is written to DIR/first-token.

  --data DIR          data directory (.stepwell)
  --adopt-ids WHEN    when a deploy creates missing KV namespaces, D1 databases and R2 buckets under the ids of the
                      configuration: first (only the first deploy of a Worker), always or never (first)${HOST}${SERVER}`,
  token: `stepwell token: manages the API tokens of a server. Works while the server runs.

  stepwell token create --role R [--label TEXT]
                                         creates a token and prints it once
  stepwell token list                    lists ids, dates, roles and labels
  stepwell token revoke ID               revokes a token
${ROLE}
  --data DIR          the server's data directory (.stepwell)
`,
  user: `stepwell user: manages users who log in to a server with a name and a password. Works while the server runs.

  stepwell user create NAME --role R     adds a user
  stepwell user list                     lists names, dates and roles
  stepwell user role NAME --role R       changes a user's role
  stepwell user password NAME            sets a new password
  stepwell user remove NAME              removes a user

The password is prompted for, or read from standard input. It is never part of the command line.
${ROLE}
  --data DIR          the server's data directory (.stepwell)
`,
};

/** True for the name of a command. */
export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}

/** The help of a command, or the overview. */
export function help(command?: CommandName): string {
  return command === undefined ? GENERAL : COMMANDS[command];
}
