/** The geometry of zooming: a picture of which a scaled and shifted part is shown in a frame. Pure, so that it can be tested. */

export interface View {
  /** 1: the whole picture fits the frame. */
  scale: number;
  /** Shift of the picture's middle from the frame's, in pixels of the screen. */
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

export const WHOLE: View = { scale: 1, x: 0, y: 0 };
export const MOST = 16;

/** The size at which a picture fits a frame; small pictures are not blown up to more than twice. */
export function fitted(picture: Size, frame: Size): Size {
  if (picture.width <= 0 || picture.height <= 0) return frame;
  const scale = Math.min(frame.width / picture.width, frame.height / picture.height, 2);
  return { width: picture.width * scale, height: picture.height * scale };
}

/** Zoom by a factor, keeping the point under the pointer (from the frame's middle) where it is. */
export function zoomed(view: View, factor: number, at: { x: number; y: number }, fit: Size, frame: Size): View {
  const scale = Math.min(MOST, Math.max(1, view.scale * factor));
  const change = scale / view.scale;
  return bounded({ scale, x: at.x - (at.x - view.x) * change, y: at.y - (at.y - view.y) * change }, fit, frame);
}

export function panned(view: View, dx: number, dy: number, fit: Size, frame: Size): View {
  return bounded({ ...view, x: view.x + dx, y: view.y + dy }, fit, frame);
}

/** No edge of the picture comes further in than the frame's edge; what is smaller than the frame stays in its middle. */
function bounded(view: View, fit: Size, frame: Size): View {
  const bound = (shift: number, length: number, room: number) => {
    const most = Math.max(0, (length * view.scale - room) / 2);
    return Math.min(most, Math.max(-most, shift)) || 0;
  };
  return { scale: view.scale, x: bound(view.x, fit.width, frame.width), y: bound(view.y, fit.height, frame.height) };
}

/** The scale at which one pixel of the picture is one of the screen, at least twice the whole. */
export function actualSize(picture: Size, fit: Size, pixelRatio: number): number {
  return Math.min(MOST, Math.max(2, picture.width / Math.max(1, fit.width) / pixelRatio));
}
