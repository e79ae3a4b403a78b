import { describe, expect, it } from "vitest";
import { resolveBearing } from "../../../src/cli/init/resolve-bearing.ts";

describe("what is said of a bearing", () => {
  it.each(["6205-2RS JEM SKF", "skf 6205 2rs", "6205-2rs"])("%s is found", (text) => {
    expect(resolveBearing(text)).toMatchObject({ ok: true, value: { orders: { bpfo: 3.5848 } } });
  });

  it("may be four orders or a geometry", () => {
    expect(resolveBearing("bpfo=3.58, bpfi=5.42, bsf=4.71, ftf=0.398")).toMatchObject({
      ok: true,
      value: { orders: { bpfo: 3.58, bpfi: 5.42, bsf: 4.71, ftf: 0.398 }, origin: "as given" },
    });
    const orders = { bpfo: 3.0707317073170732, bpfi: 4.929268292682927, bsf: 4.07, ftf: 0.3838414634146341 };
    const flow = "{ bpfo: 3.0707317073170732, bpfi: 4.929268292682927, bsf: 4.07, ftf: 0.3838414634146341 }";
    for (const text of [JSON.stringify(orders), flow]) {
      expect(resolveBearing(text)).toMatchObject({ ok: true, value: { orders } });
    }
    expect(resolveBearing("balls=9,ball=7.94,pitch=39.04,angle=0")).toMatchObject({
      ok: true,
      value: {
        orders: { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.3983 },
        origin: "of 9 elements of 7.94 mm on 39.04 mm, 0 degrees",
      },
    });
  });

  it("may be spelt as `aurora score` takes it", () => {
    const short = resolveBearing("balls=16,ball=8.4,pitch=71.5,angle=15.17");
    expect(short.ok).toBe(true);
    expect(resolveBearing("balls=16,ball_diameter=8.4,pitch_diameter=71.5,contact_angle=15.17")).toEqual(
      short,
    );
    expect(
      resolveBearing("rollers: 16, roller diameter: 8.4, pitchDiameterMm: 71.5, contactAngle: 15.17"),
    ).toEqual(short);
    expect(resolveBearing("balls=16 ball=8.4 pitch=71.5 angle=15.17")).toEqual(short);
  });

  it.each([
    ["6205-2R", /did you mean 6205-2RS\?/],
    ["22320", /no bearing "22320" in the catalogue/],
    ["bpfo=3.58,bpfi=5.42", /bsf, ftf missing/],
    ["bpfo=3.58,bpfi=5.42,bsf=4.71,ftf=3.98", /ftf: /],
    ["balls=9,ball=40,pitch=39", /ball < pitch/],
    ["balls=9,ball=7,94,pitch=39,04,angle=0", /",94" belongs to nothing: decimals have a point/],
    ["bpfo=3,58;bpfi=5,42;bsf=4,71;ftf=0.398", /",58" belongs to nothing/],
    ["balls=16,ball=8.4,pitch=71.5,angel=15.17", /no "angel"; did you mean angle\?/],
    ["balls=16,ball=8.4,pitch=71.5,ball=8.5", /ball stands twice/],
    ["balls=16,ball=8.4,pitch=71.5,ball_diameter=8.5", /ball_diameter stands twice/],
    ["rollers=8,balls=9,ball=7.94,pitch=39.04", /balls says what another word has said already/],
    ["balls=9,roller_diameter=9,ball=7.94,pitch=39.04", /ball says what another word has said already/],
    ["balls=16,ball=8.4", /neither .* nor balls, ball_diameter and pitch_diameter are there/],
    ["balls=16,ball=20,pitch=71.5", /16 elements of 20 mm do not fit on a pitch circle of 71.5 mm/],
    ["bpfo=3.58,bpfi=5.42,bsf=-4,ftf=0.398", /"bsf=-4" is not of the form name=number/],
    ["bpfo=5.42,bpfi=3.58,bsf=4.71,ftf=0.398", /bpfo 5.42 is not below bpfi 3.58.*exchange/],
    ["", /no bearing ""/],
  ])("%j is refused", (text, why) => {
    expect(resolveBearing(text)).toMatchObject({ ok: false, error: expect.stringMatching(why) });
  });
});
