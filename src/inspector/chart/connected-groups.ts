import type { ElkExtendedEdge, ElkNode } from "elkjs/lib/elk-api.js";

/** Splits nodes into groups between which no edge leads, not even between what is within them. */
export function connectedGroups(
  nodes: readonly ElkNode[],
  edges: readonly ElkExtendedEdge[],
): readonly (readonly ElkNode[])[] {
  let groups = nodes.map((node) => ({ nodes: [node], ids: new Set(idsOf(node)) }));
  for (const { sources, targets } of edges) {
    const ends = [...sources, ...targets];
    const touched = groups.filter(({ ids }) => ends.some((end) => ids.has(end)));
    const [first, ...others] = touched;
    if (first === undefined || others.length === 0) continue;
    for (const other of others) {
      first.nodes.push(...other.nodes);
      for (const id of other.ids) first.ids.add(id);
    }
    groups = groups.filter((group) => !others.includes(group));
  }
  return groups.map((group) => group.nodes);
}

const idsOf = ({ id, children = [] }: ElkNode): readonly string[] => [id, ...children.flatMap(idsOf)];
