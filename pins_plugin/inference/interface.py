"""Open a trained model as SpeechBrain's pretrained interfaces do."""

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import nn

from pins_plugin.errors import ModelFolderError
from pins_plugin.inference.pretrained import load_pretrained
from pins_plugin.models.folder.model_folder import PRETRAINED, ModelFolder
from pins_plugin.utils.explain import one_line


class PretrainedInterface(nn.Module):
    """A model in the user's hands, opened by `from_hparams`; the modules of its folder are its own."""

    needs: ClassVar[tuple[str, ...]]  # modules
    shipped: ClassVar[str | None] = None  # the model that comes with the package

    @classmethod
    @abstractmethod
    def from_model(cls, model: ModelFolder) -> Self:
        """Take over the modules and settings of an open folder."""

    @property
    def device(self) -> torch.device:
        """Where the weights are, and the results of networks will be."""
        tensors = [*self.parameters(), *self.buffers()]
        return tensors[0].device if tensors else torch.device("cpu")

    @classmethod
    def from_hparams(
        cls,
        source: str | Path | None = None,
        savedir: str | Path | None = None,
        run_opts: Mapping[str, Any] | None = None,
        *,
        revision: str | None = None,
        trust_source: bool = False,
    ) -> Self:
        """Open a trained model.

        Parameters
        ----------
        source : str or Path, optional
            A model folder, a hub id, or the name of a model that ships with the package; `shipped` when not given.
        savedir, revision, trust_source
            See `inference.pretrained`: `fetch_model` and `load_pretrained`.
        run_opts : mapping, optional
            {"device": "cuda:0"}

        Raises
        ------
        ModelFolderError
            When there is no such model, or it is damaged or of another kind.
        """
        if source is None and cls.shipped:
            source = PRETRAINED / cls.shipped
        if not source:
            raise ModelFolderError(
                f"{cls.__name__}.from_hparams: expected a model folder or a hub id, got none"
            )
        model = load_pretrained(
            source,
            savedir,
            needs=cls.needs,
            run_opts=run_opts,
            revision=revision,
            trust_source=trust_source,
        )
        try:
            return cls.from_model(model)
        except KeyError as error:
            raise ModelFolderError(
                f"{source}: expected a setting {error}, got {list(model.settings)}"
            ) from error
        except (TypeError, ValueError) as error:
            raise ModelFolderError(f"{source}: settings: {one_line(error)}") from error
