/** What `--help` prints. */

const GENERAL = `stepwell: Cloudflare Workflows on your own machine.

  stepwell dev [dir]              run a Worker project, and again whenever it changes
  stepwell serve                  run what has been deployed into a data directory
  stepwell deploy FILE            send a server what wrangler has bundled
  stepwell logs WORKFLOW INSTANCE what the code of an instance has printed and thrown
  stepwell token create|list|revoke
                                  programs that may use the API of serve
  stepwell user create|list|role|password|remove
                                  people who may

  stepwell <command> --help       what a command takes
  stepwell --version
`;

const HOST = `
  --host ADDRESS      address to listen on (127.0.0.1)`;

const SERVER = `
  --port N            port to listen on (8787; 0 takes a free one)
  --account ID        id of the one account, in the paths of the API (local; ids from Cloudflare
                      mean it, too, unless this is given)
  --strict            refuse Workers with bindings that stepwell does not have, which otherwise throw when they
                      are used
  --executor E        what runs Workers: workerd, Cloudflare's own runtime, or node, threads of
                      this process, which keep nothing from them (workerd)
  --allow-network R   what Workers may reach besides public addresses: private, or a range like
                      10.1.0.0/16; again for more. dev on this machine allows private. workerd only
  --hyperdrive ID=STRING
                      the database that Hyperdrive bindings with this id lead to, as postgres://user:password@host/database;
                      again for more. STEPWELL_HYPERDRIVE_<ID> keeps it off the command line. workerd only
  --smtp URL          the server that delivers what send_email bindings send, like smtp://user:password@host:587, or
                      smtps://…; STEPWELL_SMTP keeps it off the command line (emails are only kept)
  --hang-after MS     how long a Worker's code may run without giving way before it is ended (30000)
  --worker-memory MIB the most memory that a process of workerd may take; past half of it, its Workers go on
                      in another, past it, the process is killed (4096, or half of the machine's if less)
  --park-after MS     how long an instance that only waits stays in memory (60000)
  --trusted-proxy A   address of a proxy, or a range, that is believed when it says in X-Forwarded-For and
                      X-Forwarded-Proto whom it speaks for; may be given several times
  --host-name NAME=SCRIPT
                      a Worker that answers under this host name; may be given several times
  --drain-seconds N   how long steps under way may go on after SIGTERM (10)
  --max-running N     instances that may run at once; others stay queued (10000)
  --max-queued N      instances that may be queued; more are refused (2000000)
  --create-rate N     instances that may be created in a second (no limit)
  --create-rate-per-workflow N
                      the same for each workflow (no limit)
  --log-format F      pretty or json (pretty)
  --verbose           log every request
  --quiet             log only what goes wrong
`;

const ROLE = `
  --role R            observer: sees what happened, but no payloads; viewer: sees everything; operator: creates
                      instances, acts on them and writes to storage; admin: everything else as well
`;

/** The commands. */
export type CommandName = "deploy" | "dev" | "logs" | "serve" | "token" | "user";

const COMMANDS: Readonly<Record<CommandName, string>> = {
  deploy: `stepwell deploy FILE --name SCRIPT: sends a server what \`wrangler deploy --dry-run --outfile FILE\` has written.

The server is the one that wrangler would use: CLOUDFLARE_API_BASE_URL (http://127.0.0.1:8787/client/v4),
CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID (local). Settings of workflows are not in the file, and stay as they are.

  --name SCRIPT       the Worker's name
`,
  dev: `stepwell dev [dir]: runs the Worker project in a folder (the current one), and deploys it again whenever it changes.
stepwell dev -c FILE -c FILE: runs several Workers, which are bound to one another; localhost is the first.

It runs what wrangler deploy would upload: wrangler.json, wrangler.jsonc or wrangler.toml in the folder or above it, with
.dev.vars or .env. Instances under way stay on the code that they began with. On a loopback address nobody needs a token;
on any other one everybody does.

  -c, --config FILE   the configuration file, instead of the one that is found; again for more Workers
  -e, --env NAME      the environment of the configuration (CLOUDFLARE_ENV)
  --var NAME:VALUE    a variable; again for more. Goes before the configuration and the files
  --define NAME:CODE  code to put in place of a name
  --alias NAME:MODULE a module to import in place of another
  --name NAME         the Worker's name
  --assets DIR        the folder of static assets
  --env-file FILE     variables, instead of those of .dev.vars and .env; again for more
  --minify            minify the code
  --no-bundle         take the code as it is
  --jsx-factory F, --jsx-fragment F
                      what JSX is translated to
  --tsconfig FILE     the tsconfig.json to use
  --compatibility-date DATE, --compatibility-flags FLAG
                      instead of those of the configuration; the second again for more
  --data DIR, --persist-to DIR
                      where to keep everything (.stepwell beside the configuration)
  --ip ADDRESS        address to listen on (127.0.0.1)
  --host HOST, --local-upstream HOST
                      the host that Workers see as their own (dev.host, or that of the first route)
  --upstream-protocol P
                      its protocol, http or https (dev.upstream_protocol, or that of the addresses to listen at)
  --no-infer-origin-from-routes
                      do not take the host from routes
  --route PATTERN, --routes PATTERN
                      instead of those of the configuration
  --local-protocol https, --https-key-path FILE, --https-cert-path FILE
                      listen with TLS; without files, with a certificate that is made and kept in the data directory
  --inspector-port N, --inspector-ip ADDRESS
                      where debuggers connect, on this machine (9229, if it is free; 0 takes a free one)
  --log-level L       debug, info, log, warn, error or none
  --cwd DIR           the folder that paths are relative to
  --no-show-interactive-dev-session
                      do not listen to keys${SERVER}
Other options of wrangler dev are accepted, or answered with what to do; docs/dev.md lists them. wrangler's d1, kv and r2 commands find
the data of a running dev with CLOUDFLARE_API_BASE_URL=http://127.0.0.1:8787/client/v4 and --remote instead of --local.
`,
  logs: `stepwell logs WORKFLOW INSTANCE: what the code of an instance has printed and thrown.
stepwell logs SCRIPT --follow: what a Worker prints from now on.

The server is the one that wrangler would use: CLOUDFLARE_API_BASE_URL (http://127.0.0.1:8787/client/v4),
CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID (local).

  --step NAME         only what comes from steps of this name
  --attempt N         only what comes from this attempt of a step
  --level L           this and heavier levels: debug, log, info, warn or error (debug)
  --follow            go on with what comes, until the instance has ended
`,
  serve: `stepwell serve: runs what has been deployed into a data directory. Every client needs a token; the first one, an
admin's, is in DIR/first-token when the directory is new.

  --data DIR          where everything is (.stepwell)
  --adopt-ids WHOSE   whose KV namespaces, D1 databases and R2 buckets are made under the id in the configuration:
                      those of Workers that are new here, of all (always) or of none (first, always, never)${HOST}${SERVER}`,
  token: `stepwell token: programs that may use the API of a server. Works while the server runs.

  stepwell token create --role R [--label TEXT]
                                         makes a token and prints it, once
  stepwell token list                    lists ids, dates, roles and labels
  stepwell token revoke ID               makes a token worthless
${ROLE}
  --data DIR          the server's data directory (.stepwell)
`,
  user: `stepwell user: people who log in to a server with a name and a password. Works while the server runs.

  stepwell user create NAME --role R     adds somebody
  stepwell user list                     lists names, dates and roles
  stepwell user role NAME --role R       gives somebody another role
  stepwell user password NAME            sets a new password
  stepwell user remove NAME              takes it all back

A password is asked for, or read from the input; it is never part of the command line.
${ROLE}
  --data DIR          the server's data directory (.stepwell)
`,
};

/** True for the name of a command. */
export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}

/** Help on a command, or on all of them. */
export function help(command?: CommandName): string {
  return command === undefined ? GENERAL : COMMANDS[command];
}
