/** Databases on the command line and in the environment. */
import { expect, test } from "vitest";
import { hyperdriveStrings } from "./hyperdrive.ts";

const STRING = "postgres://ada:secret@db.internal/shop";

test("options go before variables of the same id", () => {
  const variables = { STEPWELL_HYPERDRIVE_57B7_58BE: STRING, STEPWELL_HYPERDRIVE_other: STRING, PATH: "/bin" };
  expect(hyperdriveStrings(["other=mysql://a:b@h/c"], variables)).toEqual({ "57B7_58BE": STRING, OTHER: "mysql://a:b@h/c" });
});

test.each([
  [["secret"], {}, "--hyperdrive takes ID=postgres://user:password@host:5432/database"],
  [["a-1=redis://a:secret@h/c"], {}, "The connection string of --hyperdrive a-1 cannot be used: its scheme"],
  [[], { STEPWELL_HYPERDRIVE_A: "secret" }, "The connection string of STEPWELL_HYPERDRIVE_A cannot be used: it is not like"],
])("%j and %j are refused without a part of the string", (options, variables, message) => {
  const read = (): unknown => hyperdriveStrings(options, variables);
  expect(read).toThrow(message);
  expect(read).not.toThrow("secret");
});
