/** Writes docs/api: a page for each entry point of the package, from the TSDoc of its exports. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  isClassDeclaration,
  isConstructorDeclaration,
  isGetAccessorDeclaration,
  isInterfaceDeclaration,
  isPrivateIdentifier,
  isVariableDeclaration,
  type Node,
  type SourceFile,
  SyntaxKind,
} from "typescript/unstable/ast";
import { API, type Checker, type Project, type Symbol as TypeSymbol } from "typescript/unstable/sync";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Source of each entry point, by the name under which it is imported. */
const ENTRY_POINTS: Readonly<Record<string, string>> = {
  tsworker: "src/index.ts",
  "tsworker/client": "src/client/index.ts",
  "tsworker/deployment": "src/deployment/index.ts",
  "tsworker/engine": "src/engine/index.ts",
  "tsworker/gateway": "src/gateway/index.ts",
  "tsworker/machines": "machines/index.ts",
};

/** Sections of a page, in their order. */
const KINDS = ["Classes", "Functions", "Constants", "Interfaces", "Types"] as const;
type Kind = (typeof KINDS)[number];

interface Tag {
  readonly name: string;
  readonly text: string;
}

interface Doc {
  readonly text: string;
  readonly tags: readonly Tag[];
}

/** An export of an entry point. */
export interface ApiItem extends Doc {
  readonly name: string;
  readonly kind: Kind;
}

interface Declared extends ApiItem {
  readonly node: Node;
  readonly symbol: TypeSymbol;
}

/** Start of a tag, which may be at the end of a sentence. */
const TAG = /(?:^|(?<=\s))(?=@(?:default|example|throws|param|returns|typeParam|deprecated)\b)/;

function parseComment(comment: string): Doc {
  const pieces: { name: string; lines: string[] }[] = [{ name: "", lines: [] }];
  let isCode = false;
  for (const framed of comment
    .trim()
    .replace(/^\/\*\*\s?|\s*\*\/$/g, "")
    .split("\n")) {
    const line = framed.replace(/^\s*\*? ?/, "");
    if (line.startsWith("```")) isCode = !isCode;
    for (const part of isCode ? [line] : line.split(TAG)) {
      const [, name, rest = ""] = (isCode ? undefined : /^@(\w+)\s*(.*)$/.exec(part)) ?? [];
      if (name === undefined) pieces.at(-1)?.lines.push(part);
      else pieces.push({ name, lines: [rest] });
    }
  }
  const [text, ...tags] = pieces.map(({ name, lines }) => ({ name, text: lines.join("\n").trim() }));
  return { text: text?.text ?? "", tags };
}

function docOf(node: Node): Doc {
  const comment = node.jsDoc?.at(-1);
  if (comment === undefined) return { text: "", tags: [] };
  return parseComment(node.getSourceFile().text.slice(comment.pos, comment.end));
}

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/\s*|\/\/.*\n\s*/g, "");

const inOneLine = (text: string): string => withoutComments(text).replace(/\s+/g, " ").trim();

/** A declaration up to its body. */
function headOf(node: Node): string {
  const { text } = node.getSourceFile();
  const body = "body" in node ? (node.body as Node | undefined) : undefined;
  return text.slice(node.getStart(), body === undefined ? node.end : body.getStart());
}

function isHidden(member: Node): boolean {
  const modifiers = "modifiers" in member ? (member.modifiers as readonly Node[] | undefined) : undefined;
  const name = "name" in member ? (member.name as Node | undefined) : undefined;
  const isKept = modifiers?.some(
    ({ kind }) => kind === SyntaxKind.PrivateKeyword || kind === SyntaxKind.ProtectedKeyword,
  );
  return isKept === true || (name !== undefined && isPrivateIdentifier(name));
}

/** A member as it is used. */
function signatureOf(member: Node): string {
  const text = inOneLine(headOf(member))
    .replace(/^(?:(?:readonly|async|override|static|get) )+/, "")
    .replace(/;$/, "")
    // The initial value of a field.
    .replace(/^(\w+(?:: [^=]+)?) = .*$/, "$1");
  if (isGetAccessorDeclaration(member)) return text.replace("()", "");
  return isConstructorDeclaration(member) ? text.replace("constructor", "new") : text;
}

/** Links to items of the page; names of others as code. */
const linked = (text: string, names: ReadonlySet<string>): string =>
  text.replace(/\{@link ([^}\s|]+)(?:[ |]([^}]+))?\}/g, (_, target: string, label: string | undefined) => {
    const [name = ""] = target.split(/[.#]/);
    const shown = label?.trim() ?? `\`${target}\``;
    return names.has(name) ? `[${shown}](#${name.toLowerCase()})` : shown;
  });

const SENTENCES: Readonly<Record<string, string>> = {
  default: "Default:",
  throws: "Throws",
  returns: "Returns",
  deprecated: "Deprecated:",
};

const paragraph = (text: string): string => text.replace(/\s*\n\s*/g, " ");

const sentencesOf = ({ tags }: Doc): readonly string[] =>
  tags.flatMap(({ name, text }) => {
    const head = SENTENCES[name];
    return head === undefined ? [] : [`${head} ${paragraph(text).replace(/\.$/, "")}.`];
  });

function memberLine(member: Node, names: ReadonlySet<string>): string {
  const doc = docOf(member);
  const about = [paragraph(doc.text), ...sentencesOf(doc)].filter((text) => text !== "").join(" ");
  return `- \`${signatureOf(member)}\`${about === "" ? "" : `: ${linked(about, names)}`}`;
}

function codeOf({ name, node, symbol }: Declared, checker: Checker): string {
  if (isVariableDeclaration(node)) {
    const type = checker.getTypeOfSymbol(symbol);
    return `const ${name}: ${type === undefined ? "unknown" : checker.typeToString(type, node)}`;
  }
  const hasMembers = isClassDeclaration(node) || isInterfaceDeclaration(node);
  const text = hasMembers
    ? inOneLine(node.getSourceFile().text.slice(node.getStart(), node.members.pos)).replace(/ ?\{$/, "")
    : withoutComments(headOf(node)).trim();
  return text.replace(/^export (?:declare )?/, "").replace(/;$/, "");
}

function sectionOf(item: Declared, names: ReadonlySet<string>, checker: Checker): readonly string[] {
  const { node, tags } = item;
  const lines = [
    `### ${item.name}`,
    "",
    "```ts",
    codeOf(item, checker),
    "```",
    "",
    linked(item.text, names),
    "",
  ];
  const parameters = tags.filter(({ name }) => name === "param" || name === "typeParam");
  for (const { text } of parameters) {
    const [parameter = "", ...about] = text.split(/\s+/);
    lines.push(`- \`${parameter}\`: ${linked(about.join(" "), names)}`);
  }
  lines.push("", ...sentencesOf(item).flatMap((sentence) => [linked(sentence, names), ""]));
  for (const { name, text } of tags) if (name === "example") lines.push(text, "");
  if (isClassDeclaration(node) || isInterfaceDeclaration(node)) {
    const members: readonly Node[] = node.members;
    lines.push(
      ...members.filter((member) => !isHidden(member)).map((member) => memberLine(member, names)),
      "",
    );
  }
  return lines;
}

function pageOf(entry: string, items: readonly Declared[], checker: Checker): string {
  const names = new Set(items.map(({ name }) => name));
  const groups = KINDS.map((kind) => ({ kind, group: items.filter((item) => item.kind === kind) })).filter(
    ({ group }) => group.length > 0,
  );
  const contents = groups.map(
    ({ kind, group }) =>
      `- ${kind}: ${group.map(({ name }) => `[${name}](#${name.toLowerCase()})`).join(", ")}`,
  );
  const sections = groups.flatMap(({ kind, group }) => [
    `## ${kind}`,
    "",
    ...group.flatMap((item) => sectionOf(item, names, checker)),
  ]);
  const lines = [
    `# ${entry}`,
    "",
    `The exports of \`${entry}\`. This page is generated from the source by \`npm run api\`.`,
    "",
    ...contents,
    "",
    ...sections,
  ];
  return `${lines
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim()}\n`;
}

function kindOf(node: Node): Kind {
  if (isClassDeclaration(node)) return "Classes";
  if (isInterfaceDeclaration(node)) return "Interfaces";
  if (isVariableDeclaration(node)) return "Constants";
  return node.kind === SyntaxKind.FunctionDeclaration ? "Functions" : "Types";
}

function declared(name: string, symbol: TypeSymbol, project: Project): readonly Declared[] {
  // A type and a value may share a name.
  return symbol.declarations.flatMap((handle) => {
    const node = handle.resolve(project);
    if (node === undefined) return [];
    // The comment of a constant belongs to its statement.
    const documented = isVariableDeclaration(node) ? node.parent.parent : node;
    return [{ name, kind: kindOf(node), node, symbol, ...docOf(documented) }];
  });
}

function itemsOf(source: SourceFile, project: Project): readonly Declared[] {
  const { checker } = project;
  const module = checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${source.fileName} exports nothing`);
  return checker
    .getExportsOfModule(module)
    .flatMap((exported) => {
      const isAlias = exported.declarations.some(({ kind }) => kind === SyntaxKind.ExportSpecifier);
      return declared(exported.name, isAlias ? checker.getAliasedSymbol(exported) : exported, project);
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Text of each page by its path, and the exports of each entry point by its name. */
export function apiReference(): {
  readonly pages: ReadonlyMap<string, string>;
  readonly items: ReadonlyMap<string, readonly ApiItem[]>;
} {
  const api = new API({ cwd: root });
  try {
    const config = join(root, "tsconfig.build.json");
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config);
    const pages = new Map<string, string>();
    const items = new Map<string, readonly ApiItem[]>();
    for (const [entry, file] of Object.entries(ENTRY_POINTS)) {
      const source = project?.program.getSourceFile(join(root, file));
      if (project === undefined || source === undefined) throw new Error(`${file} is in no project`);
      const found = itemsOf(source, project);
      pages.set(`docs/api/${entry.replace("tsworker/", "")}.md`, pageOf(entry, found, project.checker));
      items.set(
        entry,
        found.map(({ name, kind, text, tags }) => ({ name, kind, text, tags })),
      );
    }
    return { pages, items };
  } finally {
    api.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [page, text] of apiReference().pages) {
    mkdirSync(dirname(join(root, page)), { recursive: true });
    writeFileSync(join(root, page), text);
  }
}
