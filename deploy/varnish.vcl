# Warta behind Varnish, at a host of its own or below a path. Varnish ends no TLS; varnish-tls.conf lets nginx do it, in front.
# Put Warta's address in (twice), and start Varnish with a timeout that is less than Warta's 30 s, or a form could meet a
# connection that is just being closed:
#
#   varnishd -a 127.0.0.1:6081 -f /etc/varnish/warta.vcl -s malloc,256m -p backend_idle_timeout=20

vcl 4.1;

import std;

# Readers' pages. Whether Warta answers is asked every second, so that hardly anybody waits for one that hangs.
backend warta {
    .host = "127.0.0.1";    # for a unix socket, instead of both: .path = "/run/warta.sock";
    .port = "8080";
    .connect_timeout = 2s;
    .first_byte_timeout = 3s;
    .between_bytes_timeout = 30s;
    .probe = {
        .url = "/healthz";
        .interval = 1s;
        .timeout = 2s;
        .window = 3;
        .threshold = 2;
        .initial = 2;
    }
}

# The same for what is not kept, and may take its time, as when Warta restarts.
backend patient {
    .host = "127.0.0.1";
    .port = "8080";
    .connect_timeout = 2s;
    .first_byte_timeout = 30s;
    .between_bytes_timeout = 30s;
}

sub vcl_recv {
    # All links come from base-url: the same page under every name, which goes on only so that /admin/doctor can tell when
    # base-url is wrong.
    set req.http.X-Forwarded-Host = req.http.Host;
    set req.http.Host = "warta";
    # --upload-max and 2 MiB for the rest of the form
    if (std.integer(req.http.Content-Length, 0) > 28311552) {
        return (synth(413));
    }
    set req.backend_hint = patient;
    # What is staff's is not kept at all; files are asked for in ranges, which would not get through a cache.
    if ((req.method != "GET" && req.method != "HEAD") || req.url ~ "^[^?]*/(admin|preview|files)(/|\?|$)") {
        return (pass);
    }
    # Readers' pages are the same for everybody. They are kept for two seconds; who asks in the third has the old one while a
    # newer is fetched. Where that failed, one of the last day is better than none, and one that is not kept is asked for again.
    unset req.http.Cookie;
    if (req.restarts > 0 || !std.healthy(warta)) {
        set req.grace = 1d;
    } else {
        set req.grace = 1s;
        set req.backend_hint = warta;
    }
    return (hash);
}

sub vcl_backend_response {
    if (bereq.uncacheable) {
        return (deliver);
    }
    if (beresp.status >= 500) {
        # An error must not take the place of the page that is kept.
        if (bereq.is_bgfetch) {
            return (abandon);
        }
        if (bereq.backend == warta) {
            return (error(beresp.status));
        }
        set beresp.ttl = 0s;
        set beresp.grace = 0s;
        set beresp.keep = 0s;
        return (deliver);
    }
    set beresp.grace = 1d;
}

sub vcl_deliver {
    # A reader's page that could not be fetched.
    if (resp.status >= 500 && req.backend_hint == warta) {
        return (restart);
    }
}
