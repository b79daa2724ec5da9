import { Operation } from "./operation.ts";
import { Budget, sortedByKey } from "./schema.ts";
import { isDataSegment } from "./segments.ts";
import { Texts } from "./texts.ts";

/** More names than these in one place are data. */
const MOST_LITERALS = 200;
/** So many neighbours whose answers have the same properties are one path with a parameter. */
const ALIKE_BY_ANSWER = 5;
/** So many that are alike in nothing but their media type, if their names look like data, too. */
const ALIKE_BY_NAME = 10;
/** Fewer properties are an envelope, which different things share. */
const TELLING_TRAITS = 5;
const SAME = 0.7;
const DATA_NAME = /[^a-z]|.{21}/;

/** A path of literals and parameters, and what was asked of it. */
export interface Template {
  segments: (string | Texts)[];
  operations: [method: string, operation: Operation][];
}

interface Parameter {
  values: Texts;
  tree: PathTree;
}

/** The paths of one server. */
export class PathTree {
  readonly #budget: Budget;
  readonly #name: string;
  readonly #literals = new Map<string, PathTree>();
  #parameter: Parameter | null = null;
  /** So many names came that all are taken for data. */
  #isOpen = false;
  readonly #operations = new Map<string, Operation>();

  /** `name` is the literal that leads here. */
  constructor(budget: Budget, name = "") {
    this.#budget = budget;
    this.#name = name;
  }

  /** The operation at a path, null when there is no more room. */
  operation(segments: string[], method: string): Operation | null {
    const [segment, ...rest] = segments;
    if (segment === undefined) return this.#ownOperation(method);
    return this.#child(segment)?.operation(rest, method) ?? null;
  }

  /** Its paths, neighbours that differ in nothing but data taken together. */
  *templates(before: Template["segments"] = []): Generator<Template> {
    if (this.#operations.size > 0) {
      yield { segments: before, operations: sortedByKey(this.#operations) };
    }
    const { literals, parameter } = this.#learned();
    for (const [name, tree] of literals) yield* tree.templates([...before, name]);
    if (parameter) yield* parameter.tree.templates([...before, parameter.values]);
  }

  #child(segment: string): PathTree | null {
    const known = this.#literals.get(segment);
    if (known) return known;
    if (this.#isOpen || isDataSegment(segment, this.#name)) {
      const parameter = this.#ownParameter();
      parameter?.values.add(segment);
      return parameter?.tree ?? null;
    }
    if (this.#literals.size >= MOST_LITERALS) {
      this.#open();
      return this.#child(segment);
    }
    if (!this.#budget.take()) return null;
    const tree = new PathTree(this.#budget, segment);
    this.#literals.set(segment, tree);
    return tree;
  }

  #open(): void {
    this.#isOpen = true;
    for (const [name, tree] of this.#literals) this.#moveIn(name, tree);
    this.#literals.clear();
  }

  #moveIn(name: string, tree: PathTree): void {
    const parameter = this.#ownParameter();
    if (!parameter) return;
    parameter.values.add(name);
    parameter.tree.#absorb(tree);
  }

  #absorb(other: PathTree): void {
    if (other.#isOpen) this.#open();
    for (const [method, operation] of other.#operations) {
      this.#ownOperation(method)?.absorb(operation);
    }
    for (const [name, tree] of other.#literals) {
      const child = this.#child(name);
      if (child) child.#absorb(tree);
    }
    if (other.#parameter) this.#absorbParameter(other.#parameter);
  }

  #absorbParameter({ values, tree }: Parameter): void {
    const parameter = this.#ownParameter();
    if (!parameter) return;
    parameter.values.absorb(values);
    parameter.tree.#absorb(tree);
  }

  /** The children with clusters of literals moved into the parameter; the tree itself stays as it is. */
  #learned(): { literals: [string, PathTree][]; parameter: Parameter | null } {
    const literals = sortedByKey(this.#literals);
    const data = new Set(clustersOf(literals).filter(isData).flat().map(([name]) => name));
    if (data.size === 0) return { literals, parameter: this.#parameter };
    // A copy of what has found room already.
    const copy = new PathTree(new Budget(Infinity));
    if (this.#parameter) copy.#absorbParameter(this.#parameter);
    for (const [name, tree] of literals) if (data.has(name)) copy.#moveIn(name, tree);
    return { literals: literals.filter(([name]) => !data.has(name)), parameter: copy.#parameter };
  }

  /** What its paths are like, one level deep. */
  *traits(): Generator<string> {
    for (const [method, operation] of this.#operations) {
      yield method;
      for (const trait of operation.traits()) yield `${method} ${trait}`;
    }
    for (const name of this.#literals.keys()) yield `/${name}`;
    if (this.#parameter) yield "/{}";
  }

  #ownParameter() {
    if (!this.#parameter && this.#budget.take()) {
      this.#parameter = { values: new Texts(), tree: new PathTree(this.#budget) };
    }
    return this.#parameter;
  }

  #ownOperation(method: string): Operation | null {
    const known = this.#operations.get(method);
    if (known || !this.#budget.take()) return known ?? null;
    const operation = new Operation(this.#budget);
    this.#operations.set(method, operation);
    return operation;
  }
}

type Cluster = [string, Set<string>][];

/** Neighbours that are alike, each with the first of its cluster. */
function clustersOf(literals: [string, PathTree][]): Cluster[] {
  const clusters: Cluster[] = [];
  for (const [name, tree] of literals) {
    const traits = new Set(tree.traits());
    const cluster = clusters.find(([first]) => likeness(first![1], traits) >= SAME);
    if (cluster) cluster.push([name, traits]);
    else clusters.push([[name, traits]]);
  }
  return clusters;
}

/** Whether the names of alike neighbours are data. */
function isData(cluster: Cluster): boolean {
  const telling = cluster.every(([, traits]) => traits.size >= TELLING_TRAITS);
  if (telling) return cluster.length >= ALIKE_BY_ANSWER;
  const named = cluster.filter(([name]) => DATA_NAME.test(name)).length;
  return cluster.length >= ALIKE_BY_NAME && named >= cluster.length * SAME;
}

/** Jaccard: what two sets share, of what either has. */
function likeness(a: Set<string>, b: Set<string>): number {
  const shared = [...a].filter((trait) => b.has(trait)).length;
  return shared / (a.size + b.size - shared || 1);
}
