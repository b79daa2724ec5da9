/** The one error of the filter language. */
export class FilterError extends Error {
  override readonly name = "FilterError";
  /** Where: offset in a text, or path of a node as `.and[0]`. */
  readonly position: number | string;

  constructor(message: string, position: number | string) {
    super(message);
    this.position = position;
  }
}
