// First line of every npm script. It must itself run on old Node, so: no new syntax, no dependencies.
const WANTED = [24, 12];

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < WANTED[0] || (major === WANTED[0] && minor < WANTED[1])) {
  console.error(
    `stepwell needs Node ${WANTED.join(".")} or newer and this is ${process.versions.node}: run \`npm ci\` without --ignore-scripts, which brings a fitting Node into node_modules.`,
  );
  process.exit(1);
}
