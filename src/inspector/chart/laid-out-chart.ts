/** A chart with a place for everything. Lengths are pixels, coordinates are from the picture's top left corner. */
export interface LaidOutChart {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  /** Parents before their children. */
  readonly states: readonly LaidOutState[];
  readonly edges: readonly LaidOutEdge[];
  /** Dots that lead to initial states. */
  readonly dots: readonly Point[];
  /** Marks that stand for whichever state within a compound one is active: where its own edges to within begin. */
  readonly marks: readonly Box[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

export interface LaidOutState {
  readonly path: string;
  readonly title: string;
  readonly kind: "atomic" | "compound" | "parallel" | "final" | "history";
  /** A state directly within a parallel one, which is active together with its siblings. */
  readonly isRegion: boolean;
  readonly box: Box;
  readonly lines: readonly TextLine[];
}

/** A line of small type. */
export interface TextLine {
  /** Id of the edge that the line tells of, where it does. */
  readonly edge: string | undefined;
  /** It goes on with what the line before says. */
  readonly isContinued: boolean;
  /** What sets something off, and what is done then. */
  readonly when: string;
  readonly does: string;
}

/** One drawn edge: all edges that lead from one state to the same other one. */
export interface LaidOutEdge {
  /** Where it bends, from its begin to its end. */
  readonly points: readonly Point[];
  /** Undefined: it leads from a dot to an initial state. */
  readonly label: Box | undefined;
  /** The label's, of all edges that it stands for. */
  readonly lines: readonly TextLine[];
}
