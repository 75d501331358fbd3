"""The explorer's pictures as SVG text, made on the server from parts of an answer (app/answer.py): plain dicts in, text
out, an empty text where there is nothing to draw.

band_line and shared_axis (headline cards), ranked_bars (who gains, who loses), tile_map (where), flow_dots (trade among
the parties on one count), sector_dots (by sector). A value that is None is drawn as missing: a number without its
interval has no bar, and what has no number says "no number". Nothing is clipped: an axis grows to hold every value.

Every picture is drawn at the size it is shown: `width` in pixels (the map: wide 720, narrow 320); under 600 pixels
names stand above their marks instead of beside them. Draw twice and switch by media query, do not scale.

Looks come from explorer.css alone (no style attributes, no scripts). Class -> rule, with the tokens of the page:

    text        svg text{font-size:13px;fill:var(--ink)}      (the default)
    c-ink       fill:var(--ink)
    c-ink2      fill:var(--ink2)
    c-ink3      fill:var(--ink3)
    c-small     font-size:12px
    c-strong    font-weight:650                               names of parties
    c-halo      paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round   names over tiles
    c-rule      stroke:var(--rule);stroke-width:1             gridlines, the line under a row's marks
    c-rule2     stroke:var(--rule2);stroke-width:1            zero, ticks
    c-join      stroke:var(--ink2);stroke-width:1             from before to after, by sector
    c-accent    fill:var(--accent)                            dot: the estimate, after the measures
    c-band      stroke:var(--accent);stroke-width:8;stroke-opacity:.32    interval of the estimate or of the after value
    c-tick      stroke:var(--accent);stroke-width:1.6         ends of the range beside a band
    c-before    fill:var(--paper);stroke:var(--ink2);stroke-width:1.6     hollow dot: before
    c-hollow    fill:var(--paper);stroke:var(--ink3);stroke-width:1.6     hollow dot: inside the noise
    c-pin       fill:none;stroke:var(--ink3);stroke-width:2   open ring: pinned
    c-gain      fill:var(--gain)                              dot and bar
    c-loss      fill:var(--loss)
    c-bar       fill-opacity:.45                              beside c-gain, c-loss
    w-gain      stroke:var(--gain);stroke-width:1.8           whisker: range or band
    w-loss      stroke:var(--loss);stroke-width:1.8
    w-noise     stroke:var(--rule2);stroke-width:1.6
    l4 .. l1    fill:var(--l4) .. fill:var(--l1)              tiles, losses: from 1, 0.1, 0.01, 0.001 per cent
    c-zero      fill:var(--zero)                              tile: smaller, or inside the noise
    g1 .. g4    fill:var(--g1) .. fill:var(--g4)              tiles, gains: from 0.001, 0.01, 0.1, 1 per cent
    c-none      fill:none;stroke:var(--rule2)                 tile: no number
    t-l4 .. t-l1, t-zero, t-g1 .. t-g4    fill:var(--t-l4) ..             code on such a tile
    c-party     fill:none;stroke:var(--accent);stroke-width:2.5           outline of a party's tile

The svg element itself has the classes `pic` and pic-band, pic-bars, pic-map, pic-flows or pic-sectors (no rule needed),
and width and height attributes, so `svg{max-width:100%;height:auto}` lets it shrink and never grow.
"""

from __future__ import annotations

from comity.app.picture_band import WIDTH, band_line, shared_axis
from comity.app.picture_bars import ranked_bars
from comity.app.picture_dots import flow_dots, sector_dots
from comity.app.picture_map import tile_map

__all__ = ["WIDTH", "band_line", "flow_dots", "ranked_bars", "sector_dots", "shared_axis", "tile_map"]
