/** For pages that say in their own words what happens while something is dragged. */

const nothing = () => undefined;

export const SILENT = {
  announcements: {
    onDragStart: nothing,
    onDragMove: nothing,
    onDragOver: nothing,
    onDragEnd: nothing,
    onDragCancel: nothing,
  },
  screenReaderInstructions: { draggable: "" },
};
