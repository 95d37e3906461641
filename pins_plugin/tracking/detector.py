"""Find faces and refine known ones: a lean driver around the three networks of MTCNN (see `tracking.mtcnn`).

facenet-pytorch's driver of the same networks spends most of its time on faces that are too small to matter, on the
largest pictures of the pyramid, and in small tensor operations.
"""

from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.ops import batched_nms

from pins_plugin.errors import PinsError, ShapeError
from pins_plugin.tracking.boxes import box_areas
from pins_plugin.tracking.mtcnn import load_stages
from pins_plugin.utils.device import usable_device

Array = NDArray[np.float32]

PROPOSAL_SIZE = 12  # side of the window that PNet judges, in pixels
PROPOSAL_STRIDE = 2  # pixels between its windows, by its one pooling
PYRAMID_FACTOR = 0.709  # of successive scales, half the area; as in facenet-pytorch
# After each network; the authors' 0.6 for the first lets twice as many windows through
MIN_PROBABILITIES = (0.7, 0.7, 0.7)
PICTURES_AT_ONCE = 4  # on a CPU larger batches leave the cache
WINDOWS_AT_ONCE = 64  # windows of the later networks, few as the pictures; chosen, not measured
GPU_FACTOR = 16  # as many times larger batches elsewhere; chosen, not measured


class Detections(NamedTuple):
    """Faces of one picture (or of a list of windows), in pixels.

    Landmarks are left eye, right eye, nose, left and right mouth corner as seen in the picture.
    """

    boxes: Array  # (num_faces, 4), x1, y1, x2, y2
    landmarks: Array  # (num_faces, 5, 2)
    probabilities: Array  # (num_faces,)

    def select(self, index: NDArray[np.generic]) -> "Detections":
        """Keep the faces of an index or mask."""
        return Detections(self.boxes[index], self.landmarks[index], self.probabilities[index])


class FaceDetector:
    """MTCNN over a batch of equally large pictures.

    Parameters
    ----------
    min_face_size : float
        Side of the smallest face to look for, in pixels. Cost falls with its square.

    Raises
    ------
    PinsError
        When nothing can be computed on `device`, or a face would have no size.
    """

    def __init__(self, min_face_size: float = 20.0, device: str | torch.device = "cpu") -> None:
        if not min_face_size > 0:
            raise PinsError(f"min_face_size: expected more than 0 pixels, got {min_face_size}")
        self.min_face_size = float(min_face_size)
        self.device = usable_device(device)
        self._propose, self._reject, self._output = load_stages(self.device)

    @torch.inference_mode()
    def detect(self, images: NDArray[np.uint8]) -> list[Detections]:
        """Find the faces of each picture.

        Parameters
        ----------
        images : (num_images, height, width, 3) uint8 array
            RGB.

        Returns
        -------
        detections : list of Detections
            One entry for each picture, the most probable face first.

        Raises
        ------
        ShapeError
            When the pictures have another shape or type.
        """
        if images.ndim != 4 or images.shape[3] != 3 or images.dtype != np.uint8:
            raise ShapeError(
                f"images: expected (num_images, height, width, 3) uint8, got {images.shape} {images.dtype}"
            )
        if not len(images):
            return []
        index, boxes = self._proposals(images)
        index, boxes = self._without_false(images, index, boxes)
        found = self.refine(images, index, boxes)
        good = found.probabilities > MIN_PROBABILITIES[2]
        index, found = index[good], found.select(good)
        result = []
        for number in range(len(images)):
            faces = found.select(index == number)
            result.append(faces.select(_without_nested(faces.boxes, faces.probabilities)))
        return result

    @torch.inference_mode()
    def refine(
        self, images: NDArray[np.uint8], index: NDArray[np.intp], boxes: Array
    ) -> Detections:
        """Look at given windows with the last network only: exact box, landmarks, probability.

        `index` (num_windows,) says which of the pictures (num_images, height, width, 3) each of the rough boxes
        (num_windows, 4) lies in; they are made square first.
        """
        windows = _square(boxes)
        offsets, points, scores = self._run(self._output, images, index, windows, 48)
        origin, size = windows[:, None, :2], (windows[:, 2:] - windows[:, :2])[:, None]
        landmarks = origin + size * points.reshape(-1, 2, 5).swapaxes(1, 2)
        return Detections(_regress(windows, offsets), landmarks, scores[:, 1])

    def _proposals(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.intp], Array]:
        """First stage: PNet, fully convolutional, over a pyramid of scales."""
        height, width = images.shape[1:3]
        scale = PROPOSAL_SIZE / self.min_face_size
        rows: list[torch.Tensor] = []
        level = images
        while min(height, width) * scale >= PROPOSAL_SIZE:
            size = (int(width * scale + 1), int(height * scale + 1))
            level = np.stack(
                [cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in level]
            )
            offsets, scores = self._in_batches(self._propose, level, PICTURES_AT_ONCE)
            number, row, column = (scores[:, 1] >= MIN_PROBABILITIES[0]).nonzero(as_tuple=True)
            score = scores[number, 1, row, column]
            corner = torch.stack([column, row], 1) * PROPOSAL_STRIDE  # (num_windows, 2)
            ratio = torch.tensor([width / size[0], height / size[1]], device=self.device)
            box = torch.cat([corner * ratio, (corner + PROPOSAL_SIZE) * ratio], 1)
            keep = batched_nms(box, score, number, 0.5)
            offset = offsets[number, :, row, column]
            rows.append(torch.cat([number[:, None], score[:, None], box, offset], 1)[keep])
            scale *= PYRAMID_FACTOR
        if not rows:
            return np.zeros(0, np.intp), np.zeros((0, 4), np.float32)
        table = torch.cat(rows)
        table = table[batched_nms(table[:, 2:6], table[:, 1], table[:, 0], 0.7)]
        values: Array = table.cpu().numpy()
        return values[:, 0].astype(np.intp), _regress(values[:, 2:6], values[:, 6:])

    def _without_false(
        self, images: NDArray[np.uint8], index: NDArray[np.intp], boxes: Array
    ) -> tuple[NDArray[np.intp], Array]:
        """Second stage: RNet throws out most windows."""
        windows = _square(boxes)
        offsets, scores = self._run(self._reject, images, index, windows, 24)
        good = scores[:, 1] > MIN_PROBABILITIES[1]
        index, windows, offsets, score = index[good], windows[good], offsets[good], scores[good, 1]
        keep = batched_nms(
            torch.from_numpy(windows), torch.from_numpy(score), torch.from_numpy(index), 0.7
        ).numpy()
        return index[keep], _regress(windows[keep], offsets[keep])

    def _run(
        self,
        network: torch.nn.Module,
        images: NDArray[np.uint8],
        index: NDArray[np.intp],
        windows: Array,
        size: int,
    ) -> list[Array]:
        """Cut windows, shrink them to (size, size), and give the network's outputs, in batches."""
        crops = np.zeros((max(1, len(windows)), size, size, 3), np.uint8)  # networks need a row
        for crop, number, window in zip(crops, index, windows, strict=False):
            crop[:] = cut_window(images[number], window, size)
        parts = self._in_batches(network, crops, WINDOWS_AT_ONCE)
        return [part[: len(windows)].cpu().numpy() for part in parts]

    def _in_batches(
        self, network: torch.nn.Module, images: NDArray[np.uint8], size: int
    ) -> list[torch.Tensor]:
        size *= 1 if self.device.type == "cpu" else GPU_FACTOR
        outputs = []
        for batch in torch.from_numpy(images).split(size):
            pictures = batch.to(self.device).permute(0, 3, 1, 2)
            outputs.append(network((pictures.float() - 127.5) / 128.0))
        return [torch.cat(parts) for parts in zip(*outputs, strict=True)]


def cut_window(image: NDArray[np.uint8], window: Array, size: int) -> NDArray[np.uint8]:
    """Cut a window (x1, y1, x2, y2) out of a picture, black outside of it, as (size, size, 3)."""
    height, width = image.shape[:2]
    x1, y1, x2, y2 = (round(float(value)) for value in window)
    x2, y2 = max(x2, x1 + 1), max(y2, y1 + 1)
    left, top, right, bottom = max(x1, 0), max(y1, 0), min(x2, width), min(y2, height)
    if left >= right or top >= bottom:
        return np.zeros((size, size, 3), np.uint8)
    crop = image[top:bottom, left:right]
    if (left, top, right, bottom) != (x1, y1, x2, y2):
        crop = cv2.copyMakeBorder(
            crop, top - y1, y2 - bottom, left - x1, x2 - right, cv2.BORDER_CONSTANT
        )
    shrinks = x2 - x1 > size
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(crop, (size, size), interpolation=interpolation))


def _square(boxes: Array) -> Array:
    """Windows of whole pixels, as large as the longer side, around the same centers."""
    center = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.round(np.concatenate([center - half, center + half], axis=1)).astype(np.float32)


def _regress(windows: Array, offsets: Array) -> Array:
    """Move the four sides by offsets that are given in units of the window's size."""
    size = windows[:, 2:] - windows[:, :2]
    moved: Array = windows + offsets * np.concatenate([size, size], axis=1)
    return moved.astype(np.float32)


def _without_nested(boxes: Array, scores: Array) -> NDArray[np.intp]:
    """Non-maximum suppression where a box inside a better one counts as the same face."""
    area = box_areas(boxes)
    kept: list[int] = []
    for candidate in np.argsort(-scores):
        low = np.maximum(boxes[candidate, :2], boxes[kept, :2])
        high = np.minimum(boxes[candidate, 2:], boxes[kept, 2:])
        overlap = (high - low).clip(0).prod(axis=1)
        if not (overlap > 0.7 * np.minimum(area[candidate], area[kept])).any():
            kept.append(int(candidate))
    return np.array(kept, np.intp)
