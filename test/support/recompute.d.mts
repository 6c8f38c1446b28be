export function linesOf(file: string): Record<string, unknown>[];
export function recompute(text: string, directory: string): Promise<string[]>;
