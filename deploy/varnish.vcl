# Warta behind Varnish, at a host of its own or below a path. Varnish ends no TLS: something in front of it does, such as
# nginx or hitch. Put Warta's address in, and start it with a timeout that is less than Warta's 30 s, or a form could meet a
# connection that is just being closed:
#
#   varnishd -a 127.0.0.1:6081 -f /etc/varnish/warta.vcl -s malloc,256m -p backend_idle_timeout=20

vcl 4.1;

import std;

backend warta {
    .host = "127.0.0.1";    # for a unix socket, instead of both: .path = "/run/warta.sock";
    .port = "8080";
    .connect_timeout = 2s;
    .first_byte_timeout = 30s;
    .between_bytes_timeout = 30s;
}

sub vcl_recv {
    # All links come from --base-url: the same page under every name.
    set req.http.Host = "warta";
    # --upload-max and 2 MiB for the rest of the form
    if (std.integer(req.http.Content-Length, 0) > 28311552) {
        return (synth(413));
    }
    # What is staff's is not kept at all; files are asked for in ranges, which would not get through a cache.
    if ((req.method != "GET" && req.method != "HEAD") || req.url ~ "^[^?]*/(admin|preview|files)(/|\?|$)") {
        return (pass);
    }
    # Readers' pages are the same for everybody. They are kept for two seconds; who asks in the third has the old one while a
    # newer is fetched. Where that failed, one of the last day is better than none.
    unset req.http.Cookie;
    set req.grace = 1s;
    if (req.restarts > 0) {
        set req.grace = 1d;
    }
    return (hash);
}

sub vcl_backend_response {
    if (bereq.uncacheable) {
        return (deliver);
    }
    if (beresp.status >= 500) {
        # An error must not stand in front of the page that is kept.
        if (bereq.is_bgfetch) {
            return (abandon);
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
    if (resp.status >= 500 && req.grace == 1s) {
        return (restart);
    }
}
