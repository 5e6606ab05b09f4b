import { expect, test } from "vitest";
import { variablesIn, withoutValues } from "../../../../src/engine/deployments/docker-env.js";

test.each([
  ["", {}],
  ["-p 3000:3000/tcp -e A=1 -e B=two=2", { A: "1", B: "two=2" }],
  [`-e A='a b' --env B="c \\"d\\"" -eC=e\\ f`, { A: "a b", B: 'c "d"', C: "e f" }],
  [`-e A='it'\\''s $x' -e B=''`, { A: "it's $x", B: "" }],
  ["-e NO_VALUE -e 1A=x --gpus all -e", {}],
])("%s", (options, variables) => {
  expect(variablesIn(options)).toEqual(variables);
});

test.each([
  ["", ""],
  ["-p 3000:3000/tcp -e A=1", "-p 3000:3000/tcp -e A=********"],
  ["-e A='it'\\''s' -e B=\"x y\" --gpus all", "-e A=******** -e B=******** --gpus all"],
  [
    "--env A=1 --env=B=2 -eC=3 -e 'D=4 5' -e \"E=6\" -e=F=7",
    "ABCDEF".replaceAll(/./g, "-e $&=******** ").trim(),
  ],
  ["-e A=secret\\ words -e INHERITED", "-e A=******** -e INHERITED"],
])("of %s no value is shown", (options, shown) => {
  expect(withoutValues(options)).toBe(shown);
});
