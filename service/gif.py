"""GIF: a first frame that does not fill its canvas, or is grey where the file is not."""

from PIL import Image

Box = tuple[int, int, int, int]  # left, top, right, bottom


def frame_box(image: Image.Image) -> Box:
    """Where the first frame lies, of a picture that has not been loaded."""
    box: Box = image.tile[0][1]  # type: ignore[attr-defined]  # of what Image.open returns
    return box


def keep_grey(image: Image.Image) -> None:
    """Keep Pillow from colouring a frame whose own palette it took for grey, with the file's."""
    if image.mode == "L":
        image.palette = None


def uncovered(image: Image.Image, box: Box) -> Image.Image:
    """The loaded picture, transparent beside its frame, as browsers have it.

    Pillow fills the rest of the canvas with the palette's first colour, whatever that is.
    """
    if box == (0, 0, *image.size):
        return image
    canvas = Image.new("RGBA", image.size)
    canvas.paste(image.crop(box).convert("RGBA"), box)
    return canvas
