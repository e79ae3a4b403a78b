import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { html } from "../../../src/collector/page/html.ts";
import { formatCount, formatShare, formatSigned } from "../../../src/collector/page/page-words.ts";

describe("html templates", () => {
  it("escape every text, in content and in attributes", () => {
    const bad = `<img src=x onerror='a'> & "quotes"`;
    expect(html`<p title="${bad}">${bad}</p>`.text).toBe(
      `<p title="&lt;img src=x onerror=&#39;a&#39;&gt; &amp; &quot;quotes&quot;">&lt;img src=x onerror=&#39;a&#39;&gt; &amp; &quot;quotes&quot;</p>`,
    );
  });

  it("never let a text open a tag or leave an attribute", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const inner = html`<i a="${text}">${[text, [text]]}</i>`.text.slice('<i a="'.length, -"</i>".length);
        expect(inner.replace('">', "")).not.toMatch(/[<>"']/);
      }),
    );
  });

  it("leave other templates as they are, and nothing for null and false", () => {
    expect(html`${html`<b>${1}</b>`}${null}${false}${undefined}${["a", html`<br>`]}`.text).toBe(
      "<b>1</b>a<br>",
    );
  });
});

describe("words for figures", () => {
  it("say shares and counts as people do", () => {
    expect([0, 0.0001, 0.5, 0.972, 0.9999, 1].map(formatShare)).toEqual([
      "0 %",
      "0 %",
      "50.0 %",
      "97.2 %",
      "100 %",
      "100 %",
    ]);
    expect(formatSigned(-0.4)).toBe("−0.40");
    expect(formatCount(1_234_567)).toBe("1\u202f234\u202f567");
  });
});
