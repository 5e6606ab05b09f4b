import type { LayoutOptions } from "elkjs/lib/elk-api.js";

/** How ELK is to lay out the whole. */
export const WHOLE: LayoutOptions = {
  "elk.algorithm": "layered",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.json.shapeCoords": "ROOT",
  "elk.json.edgeCoords": "ROOT",
  "elk.direction": "DOWN",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.padding": "[top=12,left=12,bottom=12,right=12]",
};

/** Distances in pixels. ELK passes none of them on, so each state with others in it has them anew. */
const WITHIN: LayoutOptions = {
  "elk.spacing.nodeNode": "20",
  "elk.spacing.edgeNode": "14",
  "elk.spacing.edgeEdge": "12",
  "elk.layered.spacing.nodeNodeBetweenLayers": "34",
  "elk.layered.spacing.edgeNodeBetweenLayers": "18",
  "elk.layered.spacing.edgeEdgeBetweenLayers": "12",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  "elk.layered.thoroughness": "40",
};

/** Of a state with others in it, below the text at its top. */
export const around = (text: { readonly width: number; readonly height: number }): LayoutOptions => ({
  ...WITHIN,
  "elk.padding": `[top=${text.height + 12},left=20,bottom=20,right=20]`,
  "elk.nodeSize.constraints": "MINIMUM_SIZE",
  "elk.nodeSize.minimum": `(${text.width}, ${text.height})`,
});

/** Of a group that is not drawn itself. */
export const GROUP: LayoutOptions = {
  ...WITHIN,
  "elk.padding": "[top=0,left=0,bottom=0,right=0]",
  "elk.alignment": "TOP",
};

/** Of a label: it interrupts its edge, so that nobody takes it for another edge's. */
export const ON_EDGE: LayoutOptions = { "elk.edgeLabels.inline": "true" };
