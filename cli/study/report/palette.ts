/**
 * How arms are told apart: a colour and a dash each.
 *
 * The colours are Okabe and Ito's (2008, "Color Universal Design"), which people with the common kinds of colour
 * blindness tell apart; dashes serve grey prints, and let a curve that lies on another one be seen.
 */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#a0478c', '#8a6d00', '#2b9fd8', '#444444'];
const DASHES = ['', '7 3', '2.5 2.5', '9 3 2.5 3'];

export interface ArmStyle {
  readonly colour: string;
  /** `stroke-dasharray`; empty for a solid line. */
  readonly dash: string;
}

export function armStyle(index: number): ArmStyle {
  return { colour: COLOURS[index % COLOURS.length], dash: DASHES[index % DASHES.length] };
}
