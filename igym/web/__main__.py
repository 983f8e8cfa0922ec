"""`python -m igym.web`: one web worker."""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402

from igym.services.process import main  # noqa: E402
from igym.web import serve  # noqa: E402

sys.exit(
    main(
        "web",
        sys.argv[1:],
        lambda deployment, told: serve.run(deployment, told.name, told.member, shared=told.shared),
    )
)
