import { render } from "preact";
import { App } from "./app.js";
import { Inspector } from "./inspector.js";
import { socketAddress } from "./socket-address.js";
import { takeToken } from "./token.js";

const root = document.getElementById("app");
if (root !== null) {
  const token = takeToken();
  const inspector = new Inspector(socketAddress(location.href, token));
  inspector.start();
  render(<App inspector={inspector} />, root);
}
