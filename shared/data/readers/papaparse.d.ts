/** The part of papaparse that is used here; its published types bring those of Node and of browsers along. */
declare module 'papaparse' {
  interface ParsedRow {
    /** The cells of one row. */
    readonly data: readonly string[];
    readonly errors: readonly { readonly message: string }[];
  }
  interface ParseOptions {
    readonly delimiter: string;
    /** Called for each row, before `parse` returns; what it throws comes out of `parse`. */
    readonly step: (row: ParsedRow) => void;
  }
  const papa: { parse(text: string, options: ParseOptions): unknown };
  export default papa;
}
