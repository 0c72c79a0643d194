from django.contrib.admin import apps


class MarketAdminConfig(apps.AdminConfig):
    default_site = "haier_market.admin_site.MarketAdminSite"
