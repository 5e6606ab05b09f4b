import { Fragment } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useInspector } from "./use-inspector.js";

const KEYS: readonly (readonly [string, string])[] = [
  ["1 … 6", "tabs, from Machine to Errors"],
  ["Space", "pause, and go on"],
  ["/", "search in the log"],
  ["j  k", "next and previous record; arrows work, too"],
  ["Home  End", "first and newest record"],
  ["Enter", "in the log: look back to the record; in the tree: the actor's machine"],
  ["[  ]", "one record back and on in time"],
  ["Escape", "back to now; then close the details"],
  ["← →", "in the tree: fold and unfold"],
  ["t", "light and dark"],
  ["?", "this page"],
];

/** The keys of the page. */
export function Help() {
  const { isHelpOpen } = useInspector();
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = isHelpOpen.value;
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  return (
    <dialog
      ref={dialog}
      class="help"
      aria-label="Keys"
      onClose={() => {
        isHelpOpen.value = false;
      }}
    >
      <h2>Keys</h2>
      <dl>
        {KEYS.map(([key, meaning]) => (
          <Fragment key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </Fragment>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}
