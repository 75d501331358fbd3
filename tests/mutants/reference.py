"""The model written a second time, straight from docs/model.md: every equation as one line, one slow joint iteration.

Shares no code with comity; works on the plain arrays of a World.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np


def reference(w0, *, iceberg, tariff, tax, productivity, transfer, closure="fixed-deficits", coalition=(), steps=60000):  # noqa: ANN001, ANN201
    """Equilibrium after a shock; w0 is a World (its arrays only). Iterates until nothing moves by more than 1e-13."""
    pi, va, inp, alpha = w0.trade_share, w0.value_added_share, w0.input_share, w0.consumption_share
    theta, VA, D0 = w0.trade_elasticity, w0.value_added, w0.deficit
    j, n, _ = pi.shape
    home = np.eye(n, dtype=bool)
    kappa = iceberg * ((1 + tariff) / (1 + w0.tariff)) * ((1 + tax) / (1 + w0.export_tax))
    base_own = _own(w0, np.ones(n), w0.flow, w0.tariff, w0.export_tax)
    base_income = base_own + D0
    factor = base_income / base_own
    w, P, X = np.ones(n), np.ones((j, n)), w0.expenditure.copy()
    for _ in range(steps):
        c = np.array([[w[m] ** va[s, m] * np.prod(P[:, m] ** inp[:, s, m]) for m in range(n)] for s in range(j)])
        c = c / productivity
        with np.errstate(divide="ignore"):
            weight = pi * (kappa * c[:, None, :]) ** (-theta[:, None, None])
        total = weight.sum(axis=2)
        share = weight / total[:, :, None]
        flow = share * X[:, :, None] / (1 + tariff)
        Y = (flow / (1 + tax)).sum(axis=1)
        own = _own(w0, w, flow, tariff, tax)
        if closure == "deficit-share-of-gdp":
            D = w * D0 - (w * VA) / (w * VA).sum() * (w * D0).sum()
        elif closure == "multiplicative-deficits":
            spent = factor * own
            D = spent * own.sum() / spent.sum() - own
        else:
            D = D0
        income = own + D + transfer
        extra = np.zeros(n)
        if len(coalition):
            inside = list(coalition)
            price = np.array([np.prod(P[:, m] ** alpha[:, m]) for m in inside])
            omega = income[inside].sum() / (base_income[inside] * price).sum()
            extra[inside] = omega * base_income[inside] * price - income[inside]
        income = income + extra
        X_new = np.array(
            [[(inp[s, :, m] * Y[:, m]).sum() + alpha[s, m] * income[m] for m in range(n)] for s in range(j)]
        )
        w_new = w * ((va * Y).sum(axis=0) / (w * VA)) ** 0.25
        w_new = w_new * VA.sum() / (w_new * VA).sum()
        P_new = total ** (-1 / theta[:, None])
        moved = max(abs(w_new / w - 1).max(), abs(P_new / P - 1).max(), abs(X_new / X - 1).max())
        w, P, X = w_new, P_new, X_new
        if moved < 1e-13:
            break
    else:
        raise AssertionError("the reference did not settle")
    consumer = np.array([np.prod(P[:, m] ** alpha[:, m]) for m in range(n)])
    return SimpleNamespace(
        wage=w, price=P, spending=X, output=Y, flow=flow, income=income, deficit=D, transfer=transfer + extra,
        consumer=consumer, real_income=income / base_income / consumer, cost=c, home=home,
    )  # fmt: skip


def _own(w0, w, flow, tariff, tax):  # noqa: ANN001, ANN202
    """Income without deficits and transfers: wages, tariff revenue, export-tax revenue."""
    n = len(w)
    duty = np.array([(tariff[:, m, :] * flow[:, m, :]).sum() for m in range(n)])
    levy = np.array([(tax[:, :, m] / (1 + tax[:, :, m]) * flow[:, :, m]).sum() for m in range(n)])
    return w * w0.value_added + duty + levy
