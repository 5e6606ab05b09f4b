import { expect, test } from "vitest";
import { variablesIn } from "../../../../src/engine/deployments/docker-env.js";

test.each([
  ["", {}],
  ["-p 3000:3000/tcp -e A=1 -e B=two=2", { A: "1", B: "two=2" }],
  [`-e A='a b' --env B="c \\"d\\"" -eC=e\\ f`, { A: "a b", B: 'c "d"', C: "e f" }],
  [`-e A='it'\\''s $x' -e B=''`, { A: "it's $x", B: "" }],
  ["-e NO_VALUE -e 1A=x --gpus all -e", {}],
])("%s", (options, variables) => {
  expect(variablesIn(options)).toEqual(variables);
});
